import assert from 'node:assert/strict';
import { everyFault, type Fault } from '../../standin/faults.ts';
import { FixableError } from '../../src/provisioning/errors.ts';
import { lockTimes } from '../../src/provisioning/lock.ts';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { ask, attempt, publish, release } from '../fixtures/provisioning/publishing.ts';
import {
  assertLive,
  assertWhole,
  callsOf,
  foreignConfig,
  foreignText,
  liveRules,
} from '../fixtures/provisioning/remote.ts';

const calls = {
  'the read of the configuration': { method: 'GET', path: '/configurations' },
  'the list of records': { method: 'GET', path: '/dns_records' },
  'the write of the configuration': { method: 'PUT', path: '/configurations' },
  'the batch of records': { method: 'POST', path: '/dns_records/batch' },
} as const;

/** The error codes that each kind of fault may cause. */
const codes: Readonly<Record<string, readonly string[]>> = {
  '400 with a code': ['api-failed', 'record-refused'],
  '401': ['token-rejected'],
  '403': ['token-rejected'],
  '404': ['tunnel-unknown', 'zone-unknown'],
  '409': ['api-failed', 'record-refused'],
  '429': ['rate-limited'],
};
const otherwise = ['api-unreachable', 'api-failed'];

const deadlineFor = (fault: Fault) => ({ callDeadline: fault.kind.startsWith('hang') ? 2_400 : 7_000 });

/** A write is repeated only after a read. */
function assertNothingRepeatedBlindly(classroom: Classroom): void {
  const sent = callsOf(classroom.standIn);
  for (const [write, read] of [
    ['PUT config', 'GET config'],
    ['POST batch', 'GET records'],
  ] as const) {
    const writes = sent.flatMap((call, index) => (call === write ? [index] : []));
    for (const [position, index] of writes.slice(1).entries())
      assert.ok(sent.slice(writes[position], index).includes(read), sent.join(', '));
  }
}

describe('faults: every call, every fault', () => {
  afterEach(closeAll);

  for (const [call, target] of Object.entries(calls)) {
    for (const [name, fault] of Object.entries(everyFault)) {
      for (const kind of ['publish', 'release'] as const) {
        it(`${kind} survives ${name} at ${call}`, async () => {
          // Only a release that keeps no record has a batch of records.
          const config = target.path.endsWith('/batch') && kind === 'release' ? { keepRecordMinutes: 0 } : {};
          const classroom = await startClassroom({ standIn: { config: foreignConfig }, config });
          const { standIn } = classroom;
          const foreign = foreignText(standIn);
          await ask(classroom, publish(2));
          if (kind === 'release') await ask(classroom, publish(1));
          standIn.requests.length = 0;
          standIn.faults.add({ ...fault, ...target });
          const outcome = await attempt(classroom, kind === 'publish' ? publish(1) : release(1), deadlineFor(fault));
          assert.equal(standIn.faults.armed.length, 0, 'the fault did not strike');
          assertNothingRepeatedBlindly(classroom);

          if (outcome.kind === 'error') {
            const { code, facts } = outcome.error;
            assert.ok((codes[name] ?? otherwise).includes(code), code);
            const { message, title, action } = FixableError.fromJSON({ code, facts });
            assert.ok(!/\{\w+\}/.test(message + title + action), message);
          } else {
            assertLive(standIn, kind === 'publish' ? ['student1', 'student2'] : ['student2']);
          }
          assert.ok(liveRules(standIn).includes('student2.example.com'));

          // After a rate limit, the next run comes when the limit is over.
          await ask(classroom, publish(3), { now: () => Date.now() + 301_000 });
          assertLive(standIn, [...(outcome.kind === 'published' ? ['student1'] : []), 'student2', 'student3']);
          assertWhole(classroom);
          assert.equal(foreignText(standIn), foreign);
        });
      }
    }
  }
});

describe('faults while reading', () => {
  afterEach(closeAll);

  for (const [name, fault] of Object.entries(everyFault)) {
    const isRefusal = ['400', '401', '403', '404', '409', '429'].some((status) => name.startsWith(status));
    it(`${name} is ${isRefusal ? 'reported at once' : 'read again without notice'}`, async () => {
      const classroom = await startClassroom();
      classroom.standIn.faults.add({ ...fault, method: 'GET', path: '/configurations' });
      const outcome = await attempt(classroom, publish(1), deadlineFor(fault));
      const reads = callsOf(classroom.standIn).filter((call) => call === 'GET config').length;
      assert.deepEqual([outcome.kind, reads], isRefusal ? ['error', 1] : ['published', 2]);
    });
  }

  it("an API that takes most of a call's time for every answer is only slow", async () => {
    const classroom = await startClassroom({ standIn: { roundTripMs: 2_400 } });
    assert.equal((await ask(classroom, publish(1), { callDeadline: 4_000 })).kind, 'published');
    assertLive(classroom.standIn, ['student1']);
  });

  it('an API that answers too late for one round is asked again in the next one, without notice', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    standIn.faults.add({ kind: 'hang-headers', method: 'GET', path: '/configurations', always: true });
    const seen: string[] = [];
    standIn.onRequest({
      before: ({ method, path }) => {
        if (method === 'GET' && path.includes('/configurations') && seen.push(path) === 3) standIn.faults.clear();
      },
    });
    assert.equal((await ask(classroom, publish(1), { callDeadline: 2_000 })).kind, 'published');
    assertLive(standIn, ['student1']);
  });

  it('an API that never answers is reported after the timeout', async () => {
    const classroom = await startClassroom({ config: { lockTimeoutSeconds: 1 } });
    classroom.standIn.faults.add({ kind: 'hang-headers', method: 'GET', path: '/configurations', always: true });
    const outcome = await attempt(classroom, publish(1), { callDeadline: 2_000 });
    assert.ok(outcome.kind === 'error' && outcome.error.code === 'api-unreachable');
    assert.match(FixableError.fromJSON(outcome.error).message, /no answer within 1 s/);
  });
});

describe('faults: more than one', () => {
  afterEach(closeAll);

  it('an API so slow that the time of a round is over is reported, and the next run finishes the change', async () => {
    const classroom = await startClassroom();
    classroom.standIn.faults.add({ kind: 'hang-headers', effect: true, method: 'PUT', path: '/configurations' });
    const outcome = await attempt(classroom, publish(1), { lockTimes: { ...lockTimes, hold: 3_000 } });
    assert.ok(outcome.kind === 'error' && outcome.error.code === 'api-unreachable');
    assert.match(FixableError.fromJSON(outcome.error).message, /no answer within the time of one round/);
    await ask(classroom, publish(2));
    assertLive(classroom.standIn, ['student2']);
  });

  for (const kind of ['publish', 'release'] as const) {
    it(`the next run undoes a ${kind} when the API is gone from the first write on`, async () => {
      const classroom = await startClassroom({ standIn: { config: foreignConfig }, config: { keepRecordMinutes: 0 } });
      const { standIn } = classroom;
      const foreign = foreignText(standIn);
      await ask(classroom, publish(1));
      // The batch takes effect without an answer, and everything after it fails.
      standIn.faults.add({ kind: 'drop', effect: true, method: 'POST' });
      standIn.faults.add({ kind: 'drop', method: 'PUT', always: true });
      standIn.faults.add({ kind: 'status', status: 500, method: 'GET', nth: 3, always: true });
      const log: string[] = [];
      const outcome = await ask(classroom, kind === 'publish' ? publish(2) : release(1), {
        log: (line) => {
          log.push(line);
        },
      });
      assert.equal(outcome.kind, 'error');
      assert.match(log.join('\n'), /next run finishes it/);
      assert.notDeepEqual(standIn.world.zone.records.size, liveRules(standIn).length, 'half of it is there');
      standIn.faults.clear();
      await ask(classroom, publish(3));
      assertLive(standIn, kind === 'publish' ? ['student1', 'student3'] : ['student3']);
      assert.equal(foreignText(standIn), foreign);
    });
  }

  it('rules and records are both there or neither, and nothing foreign is lost, whatever fails and how often', async function () {
    this.timeout(120_000);
    const classroom = await startClassroom({ standIn: { config: foreignConfig } });
    const { standIn } = classroom;
    const foreign = foreignText(standIn);
    const quick = Object.entries(everyFault)
      .filter(([name]) => !name.startsWith('hang') && name !== '429')
      .map(([, fault]) => fault);
    const targets = Object.values(calls);
    let seed = 20_261_122;
    const pick = <T>(from: readonly T[]): T => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return from[Math.floor(seed / 65_536) % from.length] as T;
    };
    for (let round = 0; round < 60; round += 1) {
      classroom.refillBudget();
      for (let count = 0; count < 3; count += 1)
        standIn.faults.add({ ...pick(quick), ...pick(targets), nth: pick([1, 1, 2]) });
      const number = pick([1, 2, 3]);
      await attempt(classroom, pick([publish(number), release(number)]));
      standIn.faults.clear();
      if (round % 5 !== 4) continue;
      await ask(classroom, publish(4));
      await ask(classroom, release(4));
      assertWhole(classroom, `after round ${round}`);
      assert.equal(foreignText(standIn), foreign);
    }
  });
});

describe("faults of one student's record", () => {
  afterEach(closeAll);

  it('a name taken by a foreign A record fails that student alone, and the message names the record', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    standIn.addRecord({ type: 'A', name: 'student3.example.com', content: '192.0.2.1' });
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map((number) => ask(classroom, publish(number))));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind),
      ['published', 'published', 'error', 'published', 'published'],
    );
    const [, , failed] = outcomes;
    assert.ok(failed?.kind === 'error' && failed.error.code === 'hostname-taken');
    assert.match(FixableError.fromJSON(failed.error).message, /A record made elsewhere/);
    assertLive(standIn, ['student1', 'student2', 'student4', 'student5']);
    assert.ok(standIn.world.zone.records.named('student3.example.com').length === 1, 'the foreign record stays');
  });

  it('a full zone fails only the students that do not fit', async () => {
    const classroom = await startClassroom({ standIn: { recordQuota: 3 } });
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map((number) => ask(classroom, publish(number))));
    assert.equal(outcomes.filter((outcome) => outcome.kind === 'published').length, 3);
    for (const outcome of outcomes) if (outcome.kind === 'error') assert.equal(outcome.error.code, 'quota-reached');
    assertWhole(classroom);
    assert.equal(liveRules(classroom.standIn).length, 3);
  });

  it('a record that is gone already fails no removal', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    for (const number of [1, 2, 3]) await ask(classroom, publish(number));
    const remove = standIn.onRequest({
      before: ({ method }) => {
        if (method !== 'POST') return;
        for (const record of standIn.world.zone.records.named('student2.example.com'))
          standIn.world.zone.records.delete(record.id);
      },
    });
    const outcomes = await Promise.all([1, 2, 3].map((number) => ask(classroom, release(number))));
    remove();
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind),
      ['removed', 'removed', 'removed'],
    );
    assertLive(standIn, []);
  });
});
