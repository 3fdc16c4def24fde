import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdSocketFile, SocketPathError } from '../../src/relay/socketFile.ts';
import type { SocketFile } from '../../src/relay/socketFile.ts';
import { afterChange } from './helpers.ts';

const UID = process.getuid?.() ?? -1;

describe('relay/socketFile', () => {
  let directory: string;
  let path: string;
  const held: SocketFile[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'relay-socket-'));
    path = join(directory, 'student1.sock');
  });
  afterEach(async () => {
    for (const file of held.splice(0)) await file.release();
    await rm(directory, { recursive: true });
  });

  /** A holder that says its name to whoever connects, and keeps the connection. */
  async function hold(name: string, at = path): Promise<SocketFile> {
    const file = await holdSocketFile({
      path: at,
      uid: UID,
      unique: name,
      onConnection: (socket) => {
        socket.on('error', () => undefined).write(name);
      },
      onError: (error) => assert.fail(error),
    });
    held.push(file);
    return file;
  }

  async function whoAnswers(): Promise<string> {
    const socket = connect(path);
    const [name] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return name.toString();
  }

  it('lets every user connect', async () => {
    await hold('one');
    assert.equal((await stat(path)).mode & 0o666, 0o666);
    assert.equal(await whoAnswers(), 'one');
    assert.deepEqual(await readdir(directory), ['student1.sock']);
  });

  it('takes over without a moment in which nobody answers', async () => {
    const old = await hold('one');
    const asking = { goesOn: true };
    const names = (async () => {
      const heard = new Set<string>();
      while (asking.goesOn) heard.add(await whoAnswers());
      return heard;
    })();
    try {
      await hold('two');
      await old.release();
      assert.equal(await whoAnswers(), 'two');
    } finally {
      asking.goesOn = false;
    }
    assert.ok((await names).has('one'));
  });

  it('leaves the file to whoever took it', async () => {
    const one = await hold('one');
    one.yieldIt();
    await hold('two');
    await one.release();
    assert.equal(await whoAnswers(), 'two');
  });

  it('removes the file at the end', async () => {
    await (await hold('one')).release();
    assert.deepEqual(await readdir(directory), []);
  });

  it('takes the path back when its successor ends', async () => {
    await hold('one');
    const two = await hold('two');
    const back = afterChange(directory, async () => (await whoAnswers()) === 'one');
    await two.release();
    await back;
  });

  it("refuses a place that is not its user's own", async () => {
    await assert.rejects(
      holdSocketFile({ path, uid: UID + 1, unique: 'x', onConnection: () => undefined, onError: () => undefined }),
      SocketPathError,
    );
    await chmod(directory, 0o777);
    await assert.rejects(hold('x'), /Others may write/);
    await chmod(directory, 0o755);
    await assert.rejects(hold('x', join(directory, 'missing/x.sock')), /no directory/);
    await assert.rejects(hold('x', join(directory, 'x'.repeat(100))), /longer than/);
    await assert.rejects(hold('x', 'relative.sock'), /absolute/);
    await writeFile(path, 'precious');
    await assert.rejects(hold('x'), /no socket/);
  });
});
