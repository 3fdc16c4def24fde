import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { ask, collect, publish, release, site, type Changes } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf, studentRecords, liveRules } from '../fixtures/provisioning/remote.ts';
import type { Action } from '../../src/provisioning/queue.ts';

const minute = 60_000;
const student = (number: number) => `student${number}.example.com`;

describe('a DNS record outlives its rule', () => {
  afterEach(closeAll);

  const start = (recordQuota?: number) =>
    startClassroom({ ...(recordQuota !== undefined && { standIn: { recordQuota } }) });
  /** Asks at a time so many minutes from now. */
  const later = (minutes: number): Changes => ({ now: () => Date.now() + minutes * minute });

  async function published(classroom: Classroom, ...numbers: number[]): Promise<void> {
    for (const number of numbers) await ask(classroom, publish(number));
  }
  /** The calls of an action that write, and the records after it. */
  async function writesOf(classroom: Classroom, action: Action, about: Changes = {}): Promise<string[]> {
    classroom.standIn.requests.length = 0;
    await ask(classroom, action, about);
    return callsOf(classroom.standIn).filter((call) => !call.startsWith('GET'));
  }

  it('so that a new start within the time changes no record', async () => {
    const classroom = await start();
    await published(classroom, 1);
    assert.deepEqual(await writesOf(classroom, release(1)), ['PUT config']);
    assert.deepEqual([liveRules(classroom.standIn), studentRecords(classroom.standIn)], [[], [student(1)]]);
    assert.deepEqual(await writesOf(classroom, publish(1)), ['PUT config']);
    assertLive(classroom.standIn, ['student1']);
  });

  it('and says what was removed, once', async () => {
    const classroom = await start();
    await published(classroom, 1);
    const unpublish: Action = { kind: 'unpublish', site: site(1) };
    const first = await ask(classroom, unpublish);
    assert.ok(first.kind === 'removed');
    assert.deepEqual(
      [first.hostnames, first.message],
      [[student(1)], 'Removed student1.example.com; the DNS record stays for a while.'],
    );
    const second = await ask(classroom, unpublish);
    assert.ok(second.kind === 'removed');
    assert.deepEqual([second.hostnames, second.message], [[], 'There was nothing to remove.']);
  });

  it('until the next change of anybody after the time', async () => {
    const classroom = await start();
    await published(classroom, 1, 2);
    await ask(classroom, release(1));
    await ask(classroom, publish(3), later(59));
    assert.deepEqual(studentRecords(classroom.standIn), [student(1), student(2), student(3)]);
    await ask(classroom, publish(4), later(61));
    assertLive(classroom.standIn, ['student2', 'student3', 'student4']);
  });

  it('but is no reason for a call', async () => {
    const classroom = await start();
    await published(classroom, 1, 2);
    await ask(classroom, release(1));
    classroom.standIn.requests.length = 0;
    await ask(classroom, publish(2, 'b'), later(90));
    assert.deepEqual(callsOf(classroom.standIn), []);
  });

  it('until gc, and for its time with the gc of the timer', async () => {
    const classroom = await start();
    await published(classroom, 1);
    await ask(classroom, release(1));
    await ask(classroom, collect);
    assert.deepEqual(studentRecords(classroom.standIn), [student(1)]);
    const outcome = await ask(classroom, { kind: 'collect', idleRecords: true });
    assert.deepEqual(outcome.kind === 'removed' && outcome.hostnames, [student(1)]);
    assertLive(classroom.standIn, []);
  });

  it('also after the state was lost, by its marker', async () => {
    const classroom = await start();
    await published(classroom, 1, 2);
    await ask(classroom, release(1));
    rmSync(classroom.stateDir, { recursive: true });
    await ask(classroom, publish(3));
    assert.deepEqual(studentRecords(classroom.standIn), [student(1), student(2), student(3)]);
    await ask(classroom, publish(4), later(61));
    assertLive(classroom.standIn, ['student2', 'student3', 'student4']);
  });

  it('unless the zone is full: it makes room for a site', async () => {
    const classroom = await start(3);
    await published(classroom, 1, 2, 3);
    await ask(classroom, release(1));
    await ask(classroom, release(2));
    assert.equal((await ask(classroom, publish(4))).kind, 'published');
    assert.deepEqual(liveRules(classroom.standIn), [student(3), student(4)]);
    assert.equal(studentRecords(classroom.standIn).length, 3);
  });

  it('and is replaced for another user of the same hostname', async () => {
    const classroom = await start();
    const shared = (number: number) => ({ ...site(number), hostname: 'student7.example.com' });
    const put = (number: number): Action => ({
      kind: 'publish',
      site: shared(number),
      holder: { id: 'a' },
      verify: false,
    });
    await ask(classroom, put(1));
    await ask(classroom, release(1));
    assert.equal((await ask(classroom, put(2))).kind, 'published');
    assert.match(
      classroom.standIn.world.zone.records.named('student7.example.com')[0]?.comment ?? '',
      /user=student2 /,
    );
  });

  it('and its removal leaves a rule that somebody made for the name', async () => {
    const classroom = await start();
    await published(classroom, 1);
    await ask(classroom, release(1));
    const rule = { hostname: student(1), service: 'http://10.0.0.5:80' };
    classroom.standIn.world.saveInDashboard((config) => ({ ingress: [rule, ...config.ingress] }));
    const refused = await ask(classroom, publish(1));
    assert.equal(refused.kind === 'error' && refused.error.code, 'hostname-taken');
    await ask(classroom, { kind: 'collect', idleRecords: true });
    assertLive(classroom.standIn, ['student1']);
  });
});

describe('gc', () => {
  afterEach(closeAll);

  it('says what it repaired, with a line in the audit log', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    classroom.standIn.world.saveInDashboard(() => ({ ingress: [{ service: 'http_status:404' }] }));
    const outcome = await ask(classroom, collect);
    assert.ok(outcome.kind === 'removed');
    assert.deepEqual([outcome.message, outcome.apiCalls], ['Published student1.example.com again.', 3]);
    assert.match(readFileSync(classroom.in('audit.log'), 'utf8'), /"repaired":"student1/);
    assertLive(classroom.standIn, ['student1']);
  });
});
