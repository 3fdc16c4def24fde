import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { levelAt, limits, type Level } from '../../src/provisioning/tokenBucket.ts';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { ask, attempt, publish, release } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';

const now = 1_800_000_000_000;
const FIVE_MINUTES = 300_000;

describe('budget', () => {
  afterEach(closeAll);

  it('is full at first, fills with time, and never overflows; a clock that was set back tells nothing', () => {
    assert.equal(levelAt(now, undefined), limits.most);
    assert.equal(levelAt(now, { calls: 0, at: now - 1_000 }), limits.perSecond);
    assert.equal(levelAt(now, { calls: 0, at: now - 24 * 3_600_000 }), limits.most);
    assert.equal(levelAt(now, { calls: 0, at: now + 1 }), limits.most);
  });

  it('whenever rounds come, no five minutes see more calls than Cloudflare allows', () => {
    const round = fc.record({ after: fc.nat(20_000), calls: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 600 }), fc.boolean(), (rounds, inHaste) => {
        const spent: { at: number; calls: number }[] = [];
        let level: Level | undefined;
        let at = now;
        for (const { after, calls } of rounds) {
          at += inHaste ? 0 : after;
          at += Math.ceil(Math.max(0, (limits.forRound - levelAt(at, level)) / limits.perSecond) * 1000);
          level = { calls: levelAt(at, level) - calls, at };
          spent.push({ at, calls });
        }
        for (const { at: end } of spent) {
          const within = spent.filter((one) => one.at > end - FIVE_MINUTES && one.at <= end);
          assert(within.reduce((sum, { calls }) => sum + calls, 0) <= 1_000);
        }
      }),
    );
  });

  it('that is used up makes who needs a call wait, and nobody else; it counts every call', async () => {
    const classroom = await startClassroom({ config: { lockTimeoutSeconds: 1 } });
    await ask(classroom, publish(1));
    await ask(classroom, publish(1, 'b'));
    const file = classroom.in('records', 'budget.json');
    const { calls } = JSON.parse(readFileSync(file, 'utf8')) as Level;
    assert(calls <= limits.most - 4 && calls > limits.most - 5, String(calls));
    writeFileSync(file, JSON.stringify({ calls: -60, at: Date.now() }));
    classroom.standIn.requests.length = 0;
    const outcome = await attempt(classroom, publish(2));
    assert(outcome.kind === 'error' && outcome.error.code === 'rate-limited', JSON.stringify(outcome));
    assert.equal((await ask(classroom, release(1, 'b'))).kind, 'removed');
    assert.deepEqual(callsOf(classroom.standIn), []);
    assertLive(classroom.standIn, ['student1']);
    // With time it fills again.
    await ask(classroom, publish(2), { now: () => Date.now() + 60_000 });
    await ask(classroom, release(1), { now: () => Date.now() + 60_000 });
    assertLive(classroom.standIn, ['student2']);
  });

  for (const [what, text] of [
    ['is garbage', '{'],
    ['makes no sense', '{"calls":"many","at":null}'],
  ] as const) {
    it(`whose file ${what} is a full one`, async () => {
      const classroom = await startClassroom();
      await ask(classroom, publish(1));
      writeFileSync(classroom.in('records', 'budget.json'), text);
      await ask(classroom, publish(2));
      assertLive(classroom.standIn, ['student1', 'student2']);
    });
  }
});
