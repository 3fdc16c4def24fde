import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { endProgram, isAncestor } from '../../src/shell/endProgram.ts';
import { identify } from '../../src/shell/processIds.ts';

const serve = "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e6); console.log(process.pid);";

describe('shell/endProgram', () => {
  it('ends the whole process group of a server, as Ctrl+C does', async () => {
    const parent = spawn('sh', ['-c', `node -e "${serve}"; exec sleep 600`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const ended = once(parent, 'exit');
    assert.equal(await endProgram(identify(Number(line)) ?? '', wait), true);
    await ended;
    assert.equal(identify(Number(line)), undefined);
  });

  it('kills a server that ignores SIGTERM', async () => {
    const server = spawn(
      process.execPath,
      ['-e', "process.on('SIGTERM', () => {}); console.log(1); setInterval(() => {}, 1e6)"],
      { detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await once(server.stdout, 'data');
    const ended = once(server, 'exit');
    assert.equal(await endProgram(identify(server.pid ?? 0) ?? '', () => wait(50)), true);
    assert.deepEqual(await ended, [null, 'SIGKILL']);
  });

  it('spares the group of this process, and ends only the one process in it', async () => {
    const server = spawn('sleep', ['600']);
    const beside = spawn('sleep', ['600']);
    await Promise.all([once(server, 'spawn'), once(beside, 'spawn')]);
    assert.equal(await endProgram(identify(server.pid ?? 0) ?? '', wait), true);
    assert.notEqual(identify(beside.pid ?? 0), undefined);
    beside.kill();
  });

  it('never ends this process or one above it', async () => {
    const killed: number[] = [];
    await endProgram(identify(process.ppid) ?? '', wait, (pid) => killed.push(pid));
    await endProgram(identify(process.pid) ?? '', wait, (pid) => killed.push(pid));
    assert.deepEqual(killed, []);
    assert.ok(isAncestor(process.ppid, process.pid));
    assert.ok(!isAncestor(process.pid, process.ppid));
  });
});
