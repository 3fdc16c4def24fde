/** The suite inside the real extension host: bundled to one file, and called there by VS Code. */
import { format } from 'node:util';
import Mocha from 'mocha';
import { SUITE_LINE } from '../launcher/lines.ts';
import reporter from '../../reporter.ts';

/** Runs every test of the suite. Rejects when one failed, which is how VS Code learns of it. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000, forbidOnly: true, reporter });
  // The window logs its own doings beside: the launcher tells our lines by their first character.
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => console.log(SUITE_LINE + format(...args));
  // What `mocha` on the command line does before it loads a file: describe() and it() become global.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./extension.test.ts');
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} failed`);
}
