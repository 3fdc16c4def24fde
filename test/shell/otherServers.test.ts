import assert from 'node:assert/strict';
import { once } from 'node:events';
import { identify } from '../../src/shell/processIds.ts';
import { otherServers, serverOf, type OtherServer } from '../../src/shell/otherServers.ts';
import { Running } from '../fixtures/shell/running.ts';

const listen =
  "require('http').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port); })";
const uid = process.getuid?.() ?? 0;

describe('the servers of a terminal that no watched command started', () => {
  const running = new Running();
  afterEach(() => running.end());

  /** A shell that starts a wrapper, as nodemon is, whose child listens. */
  async function shellWithServer(): Promise<{ shell: string; port: number; folder: string }> {
    const folder = running.folder();
    const wrapper = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(listen)}], { stdio: 'inherit' })`;
    const { pid, stdout } = running.spawn('bash', ['-c', '"$0" -e "$1" wrapper & wait', process.execPath, wrapper], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!stdout) throw new Error('no output');
    const port = Number(String((await once(stdout, 'data'))[0]));
    return { shell: identify(pid) ?? '', port, folder };
  }
  const shown = ({ program, folder, listeners }: OtherServer): unknown[] => [
    program.includes('child_process'),
    folder,
    listeners.map(({ port }) => port),
  ];

  it('are named by the program that the student started, whose child may listen', async () => {
    const { shell, port, folder } = await shellWithServer();
    assert.deepEqual(otherServers(shell, [], uid).map(shown), [[true, folder, [port]]]);
  });

  it('are none where a watched command started them, or they run under another account', async () => {
    const { shell } = await shellWithServer();
    const [server] = otherServers(shell, [], uid);
    assert.ok(server);
    assert.deepEqual(otherServers(shell, [server.process], uid), []);
    assert.deepEqual(otherServers(shell, [], uid + 1), []);
    assert.deepEqual(serverOf(shell, server.process), server);
  });

  it('are two where the extension host listens and a child of it does', async () => {
    const both = `${listen}; require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(listen)}], { stdio: 'inherit' })`;
    const host = running.spawn(process.execPath, ['-e', both], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (!host.stdout) throw new Error('no output');
    let text = '';
    while (text.split('\n').length < 3) text += String((await once(host.stdout, 'data'))[0]);
    const id = identify(host.pid) ?? '';
    const found = otherServers(id, [], uid, host.pid);
    assert.deepEqual(
      found.map(({ program, listeners }) => [program === '', listeners.length]),
      [
        [true, 1],
        [false, 1],
      ],
    );
    assert.deepEqual(
      otherServers(id, [id], uid, host.pid).map(({ process }) => process),
      [found[1]?.process],
      'a server of an extension leaves those of other programs',
    );
  });
});
