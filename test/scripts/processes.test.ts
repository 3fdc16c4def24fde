import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findMarked, mark } from '../../demo/marked.ts';
import { findOnPath } from '../../scripts/setup/debian.mjs';
import { run, runOrFail } from '../../scripts/setup/processes.mjs';

const MODULE = fileURLToPath(new URL('../../scripts/setup/processes.mjs', import.meta.url));

describe('commands of the set-up', () => {
  it('give their code and everything they print', async () =>
    assert.deepEqual(await run('sh', ['-c', 'echo out; exit 3']), { code: 3, output: 'out\n' }));

  it('that do not exist are code 127', async () => assert.equal((await run('/no/such/command', [])).code, 127));

  it('that fail say how they ended', async () =>
    assert.rejects(runOrFail('sh', ['-c', 'echo the reason >&2; exit 1']), /failed with code 1:\nthe reason/));

  it('are found on the PATH only', () => {
    assert.equal(findOnPath('sh', { PATH: '/nowhere:/bin' }), '/bin/sh');
    assert.equal(findOnPath('sh', { PATH: '' }), undefined);
  });

  it('end with everything they started, and temporary folders go, when the set-up is stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'classroom-tunnel-stop-'));
    const temporary = join(folder, 'temporary');
    await mkdir(temporary);
    const script = join(folder, 'setup.mjs');
    await writeFile(
      script,
      `
      import { endOnSignals, removeWhenStopped, run } from ${JSON.stringify(MODULE)};
      endOnSignals();
      removeWhenStopped(${JSON.stringify(temporary)});
      await run('sh', ['-c', 'sleep 1000 & echo started; wait'], { show: process.stdout });
    `,
    );
    const setup = spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...mark(folder) },
    });
    try {
      await once(createInterface({ input: setup.stdout }), 'line');
      assert.equal((await findMarked(folder)).length, 3);
      setup.kill('SIGTERM');
      assert.deepEqual(await once(setup, 'exit'), [143, null]);
      assert.deepEqual(await findMarked(folder), []);
      await assert.rejects(rm(temporary, { recursive: true }), { code: 'ENOENT' });
    } finally {
      setup.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});
