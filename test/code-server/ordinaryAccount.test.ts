import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { skip } from '../fixtures/skip.ts';
import { requireEnvironment } from './browser.ts';
import { visit, waitUntilGone } from './cloudflare.ts';
import { goLive } from './life.ts';
import { serversOf, waitForProcesses } from './studentProcesses.ts';
import { withCodeServer } from './withCodeServer.ts';

const run = promisify(execFile);
/** Its own for each run: an account of that name that exists already is not the test's to remove. */
const ACCOUNT = `student1-${process.pid}`;

/** Makes a Unix account without a home. Returns its ids. */
async function addAccount(): Promise<{ uid: number; gid: number }> {
  await run('useradd', ['--no-create-home', '--user-group', '--shell', '/bin/bash', ACCOUNT]);
  process.once('exit', () => spawnSync('userdel', [ACCOUNT])); // for a run that is interrupted
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, ACCOUNT])).stdout)),
  );
  assert.ok(uid && gid);
  return { uid, gid };
}

/** Copies code-server to a folder that every account can read. Hard links make that quick. Returns the executable. */
async function readableCodeServer(folder: string): Promise<string> {
  const original = requireEnvironment('CODE_SERVER');
  const copy = join(folder, 'code-server');
  const root = dirname(dirname(original));
  await run('cp', ['--archive', '--link', root, copy]).catch(() => cp(root, copy, { recursive: true }));
  await run('chmod', ['a+rx', folder, copy]);
  return join(copy, 'bin', 'code-server');
}

describe('a student with an ordinary Unix account', () => {
  it("has a live site, with the system's own .bashrc, and its server runs as that account", async function () {
    if (process.getuid?.() !== 0) skip(this, 'needs root, to add an account');
    const folder = await mkdtemp(join(tmpdir(), 'classroom-tunnel-account-'));
    const account = await addAccount();
    try {
      await withCodeServer(
        'ordinary account',
        async (session) => {
          const { classroom } = session;
          await cp('/etc/skel/.bashrc', join(classroom.codeServer.home, '.bashrc'));
          const window = await session.openWindow();
          await goLive(session, window);
          const [server] = await waitForProcesses(serversOf, classroom, 1);
          const { stdout } = await run('stat', ['--format', '%u', `/proc/${server?.pid ?? 0}`]);
          assert.equal(Number(stdout), account.uid);
          assert.equal((await visit(classroom)).status, 200);
          await window.close();
          await waitUntilGone(classroom);
        },
        { account, codeServer: await readableCodeServer(folder) },
      );
    } finally {
      await run('userdel', [ACCOUNT]);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
