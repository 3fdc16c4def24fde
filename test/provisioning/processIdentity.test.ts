import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { identifyOnHost, livenessOf } from '../../src/provisioning/processIdentity.ts';

const here = identifyOnHost(process.pid, 'host1');

describe('process identity', () => {
  it('is alive until the process ends', async () => {
    const child = spawn('sleep', ['1000']);
    try {
      const identity = identifyOnHost(child.pid ?? 0, 'host1');
      assert.equal(livenessOf(identity, here), 'alive');
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.equal(livenessOf(identity, here), 'dead');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('differs from another process with the same id', () => {
    assert.match(here.startTime ?? '', /^\d+$/);
    assert.equal(livenessOf({ ...here, startTime: '1' }, here), 'dead');
  });

  it('treats an id that no process can have as dead', () => {
    for (const pid of [0, -1, 4_194_305, 2 ** 32 + 1])
      assert.equal(livenessOf({ ...here, pid }, here), 'dead', String(pid));
  });

  it('is unknown when it comes from another running host', () => {
    assert.equal(livenessOf({ ...here, pid: 4_194_304, bootId: 'other', host: 'host2' }, here), 'unknown');
  });

  it('is dead when it comes from before a restart of this host', () => {
    assert.equal(livenessOf({ ...here, bootId: 'before' }, here), 'dead');
  });

  describe('in a fake /proc', () => {
    let proc: string;
    const self = () => identifyOnHost(process.pid, 'host1', proc);
    const stat = (pid: number, state: string, start: string) => {
      mkdirSync(path.join(proc, String(pid)), { recursive: true });
      writeFileSync(path.join(proc, String(pid), 'stat'), `${pid} (a name) S 1) ${state} ${'0 '.repeat(18)}${start} 0`);
    };
    beforeEach(() => {
      proc = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-proc-'));
      mkdirSync(path.join(proc, 'sys/kernel/random'), { recursive: true });
      writeFileSync(path.join(proc, 'sys/kernel/random/boot_id'), 'boot\n');
      mkdirSync(path.join(proc, 'self/ns'), { recursive: true });
      symlinkSync('pid:[7]', path.join(proc, 'self/ns/pid'));
    });
    afterEach(() => {
      rmSync(proc, { recursive: true, force: true });
    });

    it('is read past blanks and parentheses in the process name', () => {
      stat(process.pid, 'S', '4711');
      assert.deepEqual(self(), {
        pid: process.pid,
        host: 'host1',
        bootId: 'boot',
        pidNamespace: 'pid:[7]',
        startTime: '4711',
      });
    });

    it('is alive while its id exists when /proc hides the process (hidepid)', () => {
      const hidden = { ...self(), startTime: '4711' };
      assert.equal(self().startTime, undefined);
      assert.equal(livenessOf(hidden, self(), proc), 'alive');
      assert.equal(livenessOf({ ...hidden, pid: 4_194_304 }, self(), proc), 'dead');
    });

    describe('of another namespace', () => {
      const inside = (pid: number, namespace: string, ids: string) => {
        mkdirSync(path.join(proc, String(pid), 'ns'), { recursive: true });
        symlinkSync(namespace, path.join(proc, String(pid), 'ns/pid'));
        writeFileSync(path.join(proc, String(pid), 'status'), `Name:\tbash\nNSpid:\t${ids}\nNSpgid:\t${ids}\n`);
      };
      const outermost = () => ({ ...self(), pidNamespace: 'pid:[4026531836]' });
      const other = () => ({ ...self(), pid: 12, pidNamespace: 'pid:[8]' });

      it('is unknown outside of the first namespace', () => {
        assert.equal(livenessOf(other(), self(), proc), 'unknown');
      });

      it('is visible from the first namespace', () => {
        inside(4000, 'pid:[8]', '4000\t1');
        inside(4012, 'pid:[8]', '4012\t12');
        assert.equal(livenessOf(other(), outermost(), proc), 'alive');
        rmSync(path.join(proc, '4012'), { recursive: true });
        assert.equal(livenessOf(other(), outermost(), proc), 'dead');
      });

      it('is not taken for a process with the same id of a third namespace', () => {
        inside(12, 'pid:[4026531836]', '12');
        inside(4000, 'pid:[9]', '4000\t12');
        assert.equal(livenessOf(other(), outermost(), proc), 'dead');
      });

      it('is dead when the namespace is gone', () => {
        assert.equal(livenessOf(other(), outermost(), proc), 'dead');
      });
    });

    it('is dead when the process has ended but was not reaped', () => {
      stat(process.pid, 'S', '4711');
      const identity = self();
      stat(process.pid, 'Z', '4711');
      assert.equal(livenessOf(identity, self(), proc), 'dead');
    });
  });
});
