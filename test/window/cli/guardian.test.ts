import { identify, runs } from '../../../src/shell/processIds.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startGuardian, type Guardian } from '../../../src/window/cli/guardian.ts';
import { until } from '../../fixtures/shell/running.ts';

const script = fileURLToPath(new URL('../../../shell-integration/guardian.sh', import.meta.url));
const source = fileURLToPath(new URL('../../../src/window/cli/guardian.ts', import.meta.url));

describe('the guardian of a window', () => {
  let folder: string;
  const guardians: Guardian[] = [];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'window-guardian-'))));
  afterEach(() => {
    for (const guardian of guardians.splice(0)) guardian.released();
    rmSync(folder, { recursive: true });
  });

  /** A command that writes its arguments into a file, in one step. */
  const words = () => [
    '/bin/sh',
    '-c',
    `printf '%s ' "$@" >${folder}/new; mv ${folder}/new ${folder}/called`,
    'command',
  ];
  const called = (): string | undefined =>
    existsSync(join(folder, 'called')) ? readFileSync(join(folder, 'called'), 'utf8').trim() : undefined;

  function start(graceSeconds: number, onLost: (killed: boolean) => void = () => assert.fail('lost')): Guardian {
    const guardian = startGuardian(
      { words: words(), env: process.env },
      { script, graceSeconds, holder: 'window-w', onLost },
    );
    guardians.push(guardian);
    return guardian;
  }

  /** Whether the shell has set its trap for a signal. */
  const catches = (pid: number, signal: number): boolean => {
    const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return (BigInt(`0x${mask}`) >> BigInt(signal - 1)) % 2n === 1n;
  };

  const gone = async (guardian: Guardian): Promise<void> => {
    const id = identify(guardian.pid ?? 0);
    if (id !== undefined) await until(() => !runs(id));
  };

  it('does nothing when the window has released', async () => {
    const guardian = start(0);
    guardian.released();
    await gone(guardian);
    assert.equal(called(), undefined);
  });

  it('releases after the grace when it is left alone', async () => {
    start(0.1).leave();
    assert.equal(await until(called), 'release --holder window-w');
  });

  it('releases at once when the service is stopped, and the window hears of it', async () => {
    let lose: (killed: boolean) => void = () => undefined;
    const lost = new Promise<boolean>((resolve) => (lose = resolve));
    const { pid = 0 } = start(60, (killed) => lose(killed));
    await until(() => catches(pid, 15));
    process.kill(pid, 'SIGTERM');
    assert.equal(await until(called), 'release --holder window-w');
    assert.equal(await lost, false);
  });

  it('tells when it was killed', async () => {
    const killed = await new Promise<boolean>((resolve) => process.kill(start(60, resolve).pid ?? 0, 'SIGKILL'));
    assert.equal(killed, true);
    assert.equal(called(), undefined);
  });

  it('leads a session of its own, so that no signal to the group of the window reaches it', () => {
    const { pid = 0 } = start(60);
    const [, , group, session] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    assert.deepEqual([Number(group), Number(session)], [pid, pid]);
  });

  it('has no process id where it cannot be started', () => {
    const guardian = startGuardian(
      { words: words(), env: process.env },
      { script, graceSeconds: 1, holder: 'w'.repeat(200_000), onLost: () => undefined },
    );
    assert.equal(guardian.pid, undefined);
  });

  it('outlives a host that is killed, and releases', async () => {
    const host = join(folder, 'host.mts');
    writeFileSync(
      host,
      `
      import { startGuardian } from ${JSON.stringify(source)};
      const command = { words: ${JSON.stringify(words())}, env: process.env };
      const guardian = startGuardian(command, { script: ${JSON.stringify(script)}, graceSeconds: 0.1, holder: 'window-host', onLost: () => {} });
      console.log(guardian.pid);
      setInterval(() => {}, 1e6);
    `,
    );
    const child = spawn(process.execPath, ['--import', 'tsx', host], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(createInterface({ input: child.stdout }), 'line');
      assert.equal(called(), undefined);
    } finally {
      child.kill('SIGKILL');
    }
    assert.equal(await until(called), 'release --holder window-host');
  });
});
