import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdSocketFile, SocketPathError } from '../../src/relay/socketFile.ts';
import type { SocketFile } from '../../src/relay/socketFile.ts';
import { afterChange } from './helpers.ts';

const uid = process.getuid?.() ?? -1;

describe('relay/socketFile', () => {
  let folder: string;
  let path: string;
  const held: SocketFile[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'relay-socket-'));
    path = join(folder, 'student1.sock');
  });
  afterEach(async () => {
    for (const file of held.splice(0)) await file.release();
    await rm(folder, { recursive: true });
  });

  /** A holder that writes its name to each visitor and keeps the connection. */
  async function hold(name: string, at = path): Promise<SocketFile> {
    const file = await holdSocketFile({
      path: at,
      uid,
      unique: name,
      onConnection: (socket) => {
        socket.on('error', () => undefined).write(name);
      },
      onError: (error) => assert.fail(error),
    });
    held.push(file);
    return file;
  }

  async function holder(): Promise<string> {
    const socket = connect(path);
    const [name] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return name.toString();
  }

  /** Acts, and waits until this one holds the path. */
  async function untilHeldBy(name: string, act: () => unknown): Promise<void> {
    const changed = afterChange(folder, async () => (await holder()) === name);
    await act();
    await changed;
  }
  const marked = async (): Promise<boolean> => ((await stat(path)).mode & 0o777) === 0o777;

  it('lets every user connect', async () => {
    const one = await hold('one');
    assert.equal((await stat(path)).mode & 0o777, 0o666);
    const changed = afterChange(folder, marked);
    one.setServing(true);
    await changed;
    assert.equal(await holder(), 'one');
    assert.deepEqual(await readdir(folder), ['student1.sock']);
  });

  it('takes over without a moment in which no holder answers', async () => {
    const old = await hold('one');
    const visiting = { on: true };
    const names = (async () => {
      const heard = new Set<string>();
      while (visiting.on) heard.add(await holder());
      return heard;
    })();
    try {
      await hold('two');
      await old.release();
      assert.equal(await holder(), 'two');
    } finally {
      visiting.on = false;
    }
    assert.ok((await names).has('one'));
  });

  it('leaves the file to a later holder', async () => {
    const one = await hold('one');
    one.yieldPath();
    await hold('two');
    await one.release();
    assert.equal(await holder(), 'two');
  });

  it('removes the file at the end', async () => {
    await (await hold('one')).release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('takes the path back when the later holder ends', async () => {
    await hold('one');
    const two = await hold('two');
    await untilHeldBy('one', () => two.release());
  });

  describe('with a server behind one of two', () => {
    let one: SocketFile;
    beforeEach(async () => {
      one = await hold('one');
      const changed = afterChange(folder, marked);
      one.setServing(true);
      await changed;
    });

    it('leaves the path to the holder that has a server', async () => {
      await hold('two');
      assert.equal(await holder(), 'one');
    });

    it('takes the path once it has a server itself, and gives it back when it loses that', async () => {
      const two = await hold('two');
      await untilHeldBy('two', () => two.setServing(true));
      assert.ok(await marked());
      await untilHeldBy('one', () => two.setServing(false));
      assert.ok(await marked());
    });

    it('takes the path when the holder ends', async () => {
      await hold('two');
      await untilHeldBy('two', () => one.release());
      assert.equal(await marked(), false);
    });

    it('takes the path of a holder that was killed', async () => {
      await one.release();
      const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => {
        require('fs').chmodSync(${JSON.stringify(path)}, 0o777);
        process.kill(process.pid, 'SIGKILL');
      })`;
      assert.equal(spawnSync(process.execPath, ['-e', script]).signal, 'SIGKILL');
      await hold('two');
      assert.equal(await holder(), 'two');
    });
  });

  it("refuses a place that is not its user's own", async () => {
    await assert.rejects(
      holdSocketFile({ path, uid: uid + 1, unique: 'x', onConnection: () => undefined, onError: () => undefined }),
      SocketPathError,
    );
    await chmod(folder, 0o777);
    await assert.rejects(hold('x'), /Other users may write/);
    await chmod(folder, 0o755);
    await assert.rejects(hold('x', join(folder, 'missing/x.sock')), /no folder/);
    await assert.rejects(hold('x', join(folder, 'x'.repeat(100))), /longer than/);
    await assert.rejects(hold('x', 'relative.sock'), /absolute/);
    await writeFile(path, 'precious');
    await assert.rejects(hold('x'), /not a socket/);
  });
});
