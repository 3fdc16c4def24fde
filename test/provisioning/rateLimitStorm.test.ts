import assert from 'node:assert/strict';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { Deferred } from '../fixtures/provisioning/deferred.ts';
import { ask, publish } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';

describe('rate limit', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it('stops the calls of all processes, tells users until when, and serves all of them afterwards', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    await ask(classroom, publish(4));
    standIn.requests.length = 0;
    standIn.faults.add({
      kind: 'status',
      status: 429,
      code: 971,
      message: 'slow down',
      retryAfterSeconds: 6,
      method: 'GET',
      path: '/configurations',
    });
    const first = classroom.launch(['publish', '-p', '3001', '--json'], { user: 'student1' });
    await standInAnswered429(classroom);
    const [second, release, people] = [
      classroom.launch(['publish', '-p', '3002', '--json'], { user: 'student2' }),
      classroom.launch(['release', '--holder', 'a', '--json'], { user: 'student4' }),
      classroom.launch(['--type', 'GET', '-p', '3003'], { user: 'student3' }),
    ];
    const endings = await Promise.all([first, second, release, people].map(({ ended }) => ended));
    assert.deepEqual(
      endings.map(({ code }) => code),
      [0, 0, 0, 0],
      endings.map(({ out, err }) => out + err).join('\n'),
    );
    const limited = standIn.requests.find(({ status }) => status === 429);
    const during = standIn.requests.filter(
      ({ at, path }) => limited && at > limited.at + 200 && at < limited.at + 5_900 && path,
    );
    assert.deepEqual(during, []);
    const told = endings
      .slice(0, 3)
      .flatMap(({ events }) => events.filter(({ event, until }) => event === 'queued' && until !== undefined));
    assert.ok(
      told.length > 0 &&
        told.every(
          ({ until, message }) => !Number.isNaN(Date.parse(String(until))) && /\d s from now/.test(String(message)),
        ),
    );
    assert.equal(endings[3]?.err.match(/blocked until \d\d:\d\d:\d\d/g)?.length, 1, 'users are told once');
    assert.deepEqual([endings[2]?.last['removed'], endings[2]?.last['hostname']], [true, 'student4.example.com']);
    assertLive(standIn, ['student1', 'student2', 'student3']);
  });

  it('ends requests with exit code 75 when it outlasts their timeout, and allows no call until it is over', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    await ask(classroom, publish(4));
    standIn.faults.add({
      kind: 'status',
      status: 429,
      code: 971,
      message: 'slow down',
      retryAfterSeconds: 300,
      method: 'PUT',
    });
    const first = await classroom.run(['publish', '-p', '3001', '--json']);
    assert.deepEqual([first.code, first.last['code']], [75, 'rate-limited']);
    standIn.requests.length = 0;
    const [second, claim, released] = await Promise.all([
      classroom.run(['publish', '-p', '3002', '--json'], { user: 'student2' }),
      classroom.run(['publish', '-p', '3004', '--holder', 'b', '--json'], { user: 'student4' }),
      classroom.run(['release', '--holder', 'b', '--json'], { user: 'student5' }),
    ]);
    const seconds = Number(second.last['retryAfterSeconds']);
    assert.deepEqual([second.code, second.last['code'], seconds > 280 && seconds <= 300], [75, 'rate-limited', true]);
    assert.deepEqual(
      [claim.last['event'], claim.last['created'], released.last['message']],
      ['published', false, 'Nothing was held.'],
      'requests that need no call are answered',
    );
    assert.deepEqual(callsOf(standIn), []);
    await ask(classroom, publish(3), { now: () => Date.now() + 301_000 });
    assertLive(standIn, ['student3', 'student4']);
  });
});

async function standInAnswered429(classroom: Classroom): Promise<void> {
  const answered = new Deferred();
  const unhook = classroom.standIn.onRequest({
    after: (_call, { status }) => {
      if (status === 429) answered.resolve();
    },
  });
  if (classroom.standIn.requests.some(({ status }) => status === 429)) answered.resolve();
  await answered.promise;
  unhook();
}
