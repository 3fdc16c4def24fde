import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
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

async function makePrivate({ configFile }: Ready): Promise<void> {
  const command = spawn(process.execPath, [join(ROOT, 'dist', 'cli.js'), 'passphrase'], {
    env: { PATH: process.env['PATH'], CLASSROOM_TUNNEL_CONFIG: configFile },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  command.stdin.end('correct horse\n');
  assert.deepEqual(await once(command, 'exit'), [0, null]);
}

/** The status with which a visitor's browser gets the student's site. */
async function statusOf({ configFile, edgeUrl }: Ready): Promise<number | undefined> {
  const { hostname } = JSON.parse(await readFile(configFile, 'utf8')) as { hostname: string };
  const { port } = new URL(edgeUrl);
  const host = `${hostname.replace('{user}', 'student1')}:${port}`;
  const sent = request({ host: '127.0.0.1', port, headers: { host, accept: 'text/html' }, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response.resume().statusCode;
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

      // The open window follows a changed configuration: its relay asks visitors for the passphrase from now on.
      await makePrivate(ready);
      await waitFor(async () => (await statusOf(ready)) === 401, 'the question for the passphrase');

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
