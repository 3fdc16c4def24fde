/** The entry of the suite that VS Code runs inside the extension host. It is bundled to one file. */
import { format } from 'node:util';
import Mocha from 'mocha';
import { SUITE_LINE } from '../launcher/lines.ts';
import reporter from '../../reporter.ts';

/** Runs every test of the suite. @throws when a test failed, which tells VS Code */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000, forbidOnly: true, reporter });
  // The window logs to the same place: the launcher knows the suite's lines by their first character.
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => console.log(SUITE_LINE + format(...args));
  // Makes describe() and it() global, as mocha's command does before it loads a file.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./extension.test.ts');
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} failed`);
}
