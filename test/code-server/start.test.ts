import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMarked } from '../../demo/marked.ts';
import { launchBrowser } from './browser.ts';
import { waitFor } from './waiting.ts';
import { Workbench } from './workbench.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROBE = 'STARTED_BY_A_TEST_OF_NPM_START';

interface Ready {
  codeServerUrl: string;
  apiUrl: string;
  edgeUrl: string;
  configFile: string;
  stateDir: string;
}

describe('npm start -- --json', () => {
  it('prints one line when it is ready, and at SIGTERM ends everything, terminals included', async () => {
    const name = `start-${process.pid}`;
    const npm = spawn('npm', ['--silent', 'start', '--', '--json'], {
      cwd: ROOT,
      env: { ...process.env, [PROBE]: name },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(npm, 'exit');
    const browser = await launchBrowser();
    try {
      let output = '';
      npm.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      await waitFor(() => output.includes('\n'), 'the line', 200_000);
      const ready = JSON.parse(output) as Ready;
      assert.deepEqual(Object.keys(ready), ['codeServerUrl', 'apiUrl', 'edgeUrl', 'configFile', 'stateDir']);
      assert.equal(
        (await fetch(`${ready.apiUrl}/user/tokens/verify`)).status >= 400,
        true,
        'the API asks for the token',
      );
      const window = await Workbench.open(await browser.newContext(), ready.codeServerUrl);
      const terminal = await window.openTerminal();
      await terminal.type('npm run dev');
      await window.waitForStatus('student1.');

      npm.kill('SIGTERM');
      await ended;
      assert.deepEqual(await findMarked(name, PROBE), []);
      await assert.rejects(access(dirname(ready.configFile)), 'the temporary folder is gone');
      assert.equal(output.trim().split('\n').length, 1);
    } finally {
      await browser.close();
      npm.kill('SIGTERM');
      await ended;
    }
  });
});
