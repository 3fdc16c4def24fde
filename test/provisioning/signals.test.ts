import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { closeAll, startClassroom, type Classroom, type Started } from '../fixtures/provisioning/classroom.ts';
import { Deferred } from '../fixtures/provisioning/deferred.ts';
import { holdNextWrite } from '../fixtures/provisioning/heldWrite.ts';
import { ask, publish } from '../fixtures/provisioning/publishing.ts';
import { assertLive, assertWhole, foreignConfig, foreignText } from '../fixtures/provisioning/remote.ts';

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof signals;

/** Sends the signal to `started` during its first call of this method. The call then continues. */
function signalDuring(classroom: Classroom, method: string, signal: Signal, started: () => Started): void {
  const unhook = classroom.standIn.onRequest({
    before: (call) => {
      if (call.method !== method) return;
      unhook();
      started().child.kill(signal);
    },
  });
}

describe('signals while holding the lock', () => {
  afterEach(closeAll);

  for (const [signal, code] of Object.entries(signals) as [Signal, number][]) {
    for (const method of ['GET', 'PUT', 'POST']) {
      for (const kind of ['publish', 'release'] as const) {
        it(`finishes the ${kind} and ends with ${code} after ${signal} during its ${method}`, async () => {
          // Only a release that keeps no record has a batch of records.
          const config = method === 'POST' && kind === 'release' ? { keepRecordMinutes: 0 } : {};
          const classroom = await startClassroom({ standIn: { config: foreignConfig }, config });
          const foreign = foreignText(classroom.standIn);
          if (kind === 'release') await ask(classroom, publish(1));
          signalDuring(classroom, method, signal, () => started);
          const started = classroom.launch([
            ...(kind === 'publish' ? ['publish', '-p', '3001'] : ['release']),
            '--holder',
            'a',
            '--json',
          ]);
          const ended = await started.ended;
          assert.deepEqual(
            [ended.code, ended.signal, ended.last['event']],
            [code, null, kind === 'publish' ? 'published' : 'removed'],
            ended.out + ended.err,
          );
          assertLive(classroom.standIn, kind === 'publish' ? ['student1'] : []);
          assert.deepEqual([existsSync(classroom.in('lock', 'held')), readdirSync(classroom.in('queue'))], [false, []]);
          assert.equal(foreignText(classroom.standIn), foreign);
        });
      }
    }

    it(`undoes a failed change and ends with ${code} after ${signal}`, async () => {
      const classroom = await startClassroom();
      const { standIn } = classroom;
      standIn.faults.add({ kind: 'status', status: 500, method: 'POST' });
      signalDuring(classroom, 'PUT', signal, () => started);
      const started = classroom.launch(['publish', '-p', '3001', '--json']);
      const ended = await started.ended;
      assert.deepEqual([ended.code, ended.last['event']], [code, 'error'], ended.out + ended.err);
      assertLive(standIn, []);
    });

    it(`withdraws its request and ends at once after ${signal} while it waits`, async () => {
      const classroom = await startClassroom();
      const write = holdNextWrite(classroom.standIn);
      const leader = classroom.launch(['publish', '-p', '3001', '--json']);
      await write.arrived;
      const waiting = classroom.launch(['publish', '-p', '3002', '--json'], { user: 'student2' });
      const isQueued = new Deferred();
      waiting.child.stdout?.once('data', isQueued.resolve);
      await isQueued.promise;
      waiting.child.kill(signal);
      assert.equal((await waiting.ended).code, code);
      assert.equal(readdirSync(classroom.in('queue')).length, 1);
      write.go();
      assert.equal((await leader.ended).code, 0);
      assertLive(classroom.standIn, ['student1']);
    });
  }

  it('finishes its change when the reader closes the pipe', async () => {
    const classroom = await startClassroom();
    const started = classroom.launch(['publish', '-p', '3001', '--json']);
    started.child.stdout?.destroy();
    await started.ended.catch(() => undefined);
    await ask(classroom, publish(2));
    assertWhole(classroom);
    assert.equal(existsSync(classroom.in('lock', 'held')), false);
  });
});
