import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findDevServer, listenersOfTree, type DevServer } from '../../src/shell/devServer.ts';
import { findRunning } from '../../src/shell/processes.ts';
import { Running, until } from '../fixtures/shell/running.ts';

const server = `
  const http = require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('READY ' + http.address().port));
`;
const scripts = {
  dev: 'node server.js',
  start: 'node server.js',
  'dev:api': 'node server.js',
  devx: 'node server.js',
  nested: 'npm run dev',
};

describe('the running development server', () => {
  const running = new Running();
  afterEach(() => running.end());

  /** Types a line in a real bash, without a PORT of its own, and waits until the app in its folder listens. */
  async function type(
    line: string,
  ): Promise<{ shellPid: number; listensOn: number; typeMore: (line: string) => void }> {
    const folder = running.folder();
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0', scripts }));
    writeFileSync(join(folder, 'server.js'), server);
    const env = { ...process.env, npm_config_update_notifier: 'false' };
    delete (env as NodeJS.ProcessEnv).PORT;
    const shell = running.spawn('bash', ['--norc'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'ignore'] });
    let output = '';
    shell.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    shell.stdin?.write(`${line}\n`);
    const listensOn = await until(() => /READY (\d+)/.exec(output)?.[1]);
    const typeMore = (next: string): void => void shell.stdin?.write(`${next}\n`);
    return { shellPid: shell.pid, listensOn: Number(listensOn), typeMore };
  }

  const find = (shellPid: number, watched = ['npm run dev']): DevServer | undefined =>
    findDevServer(shellPid, watched, 'PORT');

  const found: [line: string, port?: string, watched?: string[]][] = [
    ['npm run dev'],
    ['PORT=3001 npm run dev', '3001'],
    ['export PORT=3002; npm run dev -- --host', '3002'],
    ['PORT=3003; npm run dev'], // not exported, so the command does not see it
    ['(PORT=3004; export PORT; npm run dev)', '3004'],
    ['cd . && PORT=3005 npm run dev &', '3005'],
    ['f() { PORT=3006 npm "$@"; }; f run dev', '3006'],
    ['shopt -s expand_aliases\nalias d="PORT=3007 npm run dev"\nd', '3007'],
    ['PORT=3008 npm run dev | cat', '3008'],
    ['PORT=3009 exec npm run dev', '3009'],
    ['PORT=3010 bash -c "npm run dev; true"', '3010'],
    ['PORT=3011 npm --silent run dev', '3011'],
    ['PORT=3012 npm start', '3012', ['npm run dev', 'npm start']],
    ['PORT=3013 node server.js --watch', '3013', ['node server.js']],
    ['PORT= npm run dev', ''],
  ];
  for (const [line, port, watched] of found) {
    it(`is found with its port: ${line}`, async () => {
      const { shellPid, listensOn } = await type(line);
      const dev = find(shellPid, watched);
      assert.ok(dev);
      assert.equal(dev.portText, port);
      assert.deepEqual(
        listenersOfTree(dev.process.pid).map((listener) => listener.port),
        [listensOn],
      );
    });
  }

  for (const line of ['npm run dev:api', 'npm run devx', 'bash -c "node server.js; true" npm run dev']) {
    it(`is not taken for this: ${line}`, async () => {
      const { shellPid } = await type(line);
      assert.equal(find(shellPid), undefined);
    });
  }

  it('is the outermost where one runs another', async () => {
    const { shellPid } = await type('npm run nested');
    const outer = find(shellPid, ['npm run dev', 'npm run nested']);
    const inner = find(shellPid);
    assert.ok(outer && inner);
    assert.equal(outer.process.ppid, shellPid);
    assert.notEqual(inner.process.pid, outer.process.pid);
  });

  it('is the one started last where two run, and gone when it ends', async () => {
    const { shellPid, typeMore } = await type('PORT=1 npm run dev &');
    const first = find(shellPid);
    assert.equal(first?.portText, '1');
    typeMore('PORT=2 npm run dev &');
    const last = await until(() => (find(shellPid)?.portText === '2' ? find(shellPid) : undefined));
    assert.ok(last.process.startTime > first.process.startTime);
    process.kill(last.process.pid, 'SIGKILL');
    await until(() => find(shellPid)?.portText === '1');
  });

  it('is nowhere where the shell has gone', () => assert.equal(findRunning(2 ** 30, ['npm run dev']), undefined));
});
