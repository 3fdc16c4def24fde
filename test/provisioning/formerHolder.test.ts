import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { closeAll, startClassroom, type Classroom, type Started } from '../fixtures/provisioning/classroom.ts';
import { programFile } from '../fixtures/provisioning/bundles.ts';
import { Deferred } from '../fixtures/provisioning/deferred.ts';
import { ask, publish } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf, liveRules } from '../fixtures/provisioning/remote.ts';

const quickLock = { stale: 2_000, update: 1_000, hold: 15_000 };

/** A publisher that loses a lock after two seconds without renewal. */
function launch(classroom: Classroom, number: number): Started {
  const instructions = { configFile: classroom.configFile, action: publish(number), lockTimes: quickLock };
  return classroom.spawn([process.execPath, programFile('patientPublisher'), JSON.stringify(instructions)]);
}

/** Stops a leader while its write of the configuration is on the way; the write arrives when `arrive` is called. */
async function stopDuringWrite(classroom: Classroom): Promise<{ stopped: Started; arrive: () => Promise<void> }> {
  const [isStopped, mayArrive, hasArrived] = [new Deferred(), new Deferred(), new Deferred()];
  const unhook = classroom.standIn.onRequest({
    before: async ({ method }) => {
      if (method !== 'PUT' || stopped.child.killed) return;
      stopped.child.kill('SIGSTOP');
      isStopped.resolve();
      await mayArrive.promise;
    },
    after: ({ method }) => {
      if (method === 'PUT' && hasBeenLet) hasArrived.resolve();
    },
  });
  let hasBeenLet = false;
  const stopped = launch(classroom, 1);
  await isStopped.promise;
  return {
    stopped,
    arrive: async () => {
      hasBeenLet = true;
      mayArrive.resolve();
      await hasArrived.promise;
      unhook();
    },
  };
}

describe('a lock holder that lost the lock while it was stopped', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it('cannot erase a live site for longer than until the next request, whose answer is true', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const { stopped, arrive } = await stopDuringWrite(classroom);
    const second = await launch(classroom, 2).ended;
    assert.equal(second.last['kind'], 'published', second.out);
    await arrive();
    assert.deepEqual(liveRules(standIn), ['student1.example.com'], 'the late write erased a live rule');
    const claim = await ask(classroom, publish(2, 'another holder'));
    assert.deepEqual([claim.kind, claim.kind === 'published' && claim.created], ['published', true]);
    assert.ok(liveRules(standIn).includes('student2.example.com'));
    stopped.child.kill('SIGKILL');
    await once(stopped.child, 'exit');
  });

  it('costs every round a comparison as long as it runs, and one more after its end', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const { stopped, arrive } = await stopDuringWrite(classroom);
    await launch(classroom, 2).ended;
    await arrive();
    await ask(classroom, publish(2, 'a'));
    assert.equal(readdirSync(classroom.in('formerHolders')).length, 1, 'it runs, so it may still write');
    stopped.child.kill('SIGKILL');
    await once(stopped.child, 'exit');
    await ask(classroom, publish(2, 'b'));
    assert.deepEqual(readdirSync(classroom.in('formerHolders')), []);
    assertLive(standIn, ['student1', 'student2']); // the second round served the stopped process's request too
    standIn.requests.length = 0;
    await ask(classroom, publish(2, 'c'));
    assert.deepEqual(callsOf(standIn), []);
  });
});
