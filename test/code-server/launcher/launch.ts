/**
 * Takes the place of the executable of VS Code for `runTests`: opens the extension and its test suite in a real code-server
 * with a real browser, prints the suite's output, and exits with its code.
 */
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, parseArgs } from 'node:util';
import { startClassroom } from '../../../demo/classroom.ts';
import type { Classroom } from '../../../demo/classroom.ts';
import { launchBrowser, requireEnvironment } from '../browser.ts';
import { SUITE_LINE } from './lines.ts';

/** A suite that prints nothing for this long has hung. */
const SILENCE_MILLISECONDS = 90_000;

const { values } = parseArgs({
  strict: false, // runTests also passes flags for the desktop
  options: { extensionDevelopmentPath: { type: 'string' }, extensionTestsPath: { type: 'string' } },
});

/** The address of a page that runs the test suite, as `code --extensionTestsPath` does. */
function testUrl({ codeServer }: Classroom): string {
  const remote = (path: unknown): string => `vscode-remote://${codeServer.host}${String(path)}`;
  const payload = JSON.stringify([
    ['extensionDevelopmentPath', remote(values.extensionDevelopmentPath)],
    ['extensionTestsPath', remote(values.extensionTestsPath)],
    ['skipWelcome', 'true'],
  ]);
  return `${codeServer.url}&payload=${encodeURIComponent(payload)}`;
}

/** Opens the page and waits for the suite's exit code. */
async function runSuite(classroom: Classroom): Promise<number> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    return await new Promise<number>((resolve, reject) => {
      const silence = setTimeout(
        () => reject(new Error('The suite in the extension host has stopped printing')),
        SILENCE_MILLISECONDS,
      );
      const open = async (): Promise<void> => {
        await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
          silence.refresh();
          const line = format(...args);
          if (line.startsWith(SUITE_LINE)) console.log(line.slice(SUITE_LINE.length));
          else windowLog.write(`${type}: ${line}\n`);
        });
        await page.exposeFunction('codeAutomationExit', resolve);
        await page.addInitScript({ path: fileURLToPath(new URL('allowTests.js', import.meta.url)) });
        await page.goto(testUrl(classroom), { timeout: SILENCE_MILLISECONDS });
      };
      open().catch(reject);
    });
  } finally {
    await browser.close();
  }
}

const windowLog = createWriteStream(fileURLToPath(new URL('../../../out/window.log', import.meta.url)));
const stopping = new AbortController();
const starting = startClassroom({
  codeServer: requireEnvironment('CODE_SERVER'),
  extensions: [],
  flags: ['--disable-workspace-trust'], // VS Code shows no dialog while it runs a test suite
  signal: stopping.signal,
  environment: { MOCHA_COUNTS: process.env.MOCHA_COUNTS ?? '' },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    stopping.abort();
    void starting
      .then((classroom) => classroom.close())
      .catch(() => undefined)
      .finally(() => process.exit(1));
  });
}
const classroom = await starting;
try {
  process.exitCode = await runSuite(classroom);
} finally {
  await classroom.close();
}
// The promise of a suite that hung is still pending.
process.exit();
