import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import {
  blockedFor,
  CallReservation,
  callsLeft,
  RateLimit,
  rateLimits,
  type RateState,
} from '../../src/provisioning/rateLimit.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { ask, attempt, publish, release } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';

const now = 1_800_000_000_000;
const fiveMinutes = 300_000;
const emptyBucket = { calls: 0, at: now, until: 0 };
const stateFile = (classroom: Classroom) => classroom.in('records', 'rateLimit.json');
const stateOf = (classroom: Classroom) => JSON.parse(readFileSync(stateFile(classroom), 'utf8')) as RateState;

describe('rate limit', () => {
  it('starts full, fills with time, never overflows, and ignores a state from the future', () => {
    assert.equal(callsLeft(now, undefined), rateLimits.most);
    assert.equal(callsLeft(now + 1_000, emptyBucket), rateLimits.perSecond);
    assert.equal(callsLeft(now + 24 * 3_600_000, emptyBucket), rateLimits.most);
    assert.equal(callsLeft(now - 1, emptyBucket), rateLimits.most);
  });

  it('lets a round begin when the bucket holds its calls and Cloudflare does not block the token', () => {
    assert.equal(blockedFor(now, undefined), 0);
    assert.equal(blockedFor(now, emptyBucket), (rateLimits.perRound / rateLimits.perSecond) * 1000);
    assert.equal(blockedFor(now, { calls: 100, at: now, until: now + 70 }), 70);
    assert.equal(blockedFor(now, { calls: 100, at: now, until: now - 70 }), 0);
  });

  it('allows less than Cloudflare in any five minutes, however rounds come and even if every holder is killed', () => {
    const round = fc.record({ after: fc.nat(20_000), calls: fc.integer({ min: 1, max: 12 }), isKilled: fc.boolean() });
    const rounds = fc.array(round, { minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(rounds, fc.boolean(), (planned, inHaste) => {
        const made: { at: number; calls: number }[] = [];
        let state: RateState = { calls: rateLimits.most, at: now, until: 0 };
        let at = now;
        for (const { after, calls, isKilled } of planned) {
          at += inHaste ? 0 : after;
          at += Math.ceil(blockedFor(at, state));
          const reserved = isKilled ? Math.ceil(calls / rateLimits.perRound) * rateLimits.perRound : calls;
          state = { calls: callsLeft(at, state) - reserved, at, until: 0 };
          made.push({ at, calls });
        }
        for (const { at: end } of made) {
          const within = made.filter((entry) => entry.at > end - fiveMinutes && entry.at <= end);
          assert.ok(within.reduce((sum, { calls }) => sum + calls, 0) <= 1_000);
        }
      }),
    );
  });

  describe('reservation', () => {
    let root: string;
    let limit: RateLimit;
    const left = () =>
      callsLeft(now, JSON.parse(readFileSync(path.join(root, 'records/rateLimit.json'), 'utf8')) as RateState);
    beforeEach(async () => {
      root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
      limit = new RateLimit(await StateFolder.open(root));
    });
    afterEach(() => {
      rmSync(root, { recursive: true, force: true });
    });

    it('is on disk before each call, also of calls made side by side, and the rest goes back', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }), async (steps) => {
          await limit.take(now, callsLeft(now, undefined) - rateLimits.most);
          writeFileSync(path.join(root, 'records/rateLimit.json'), JSON.stringify({ calls: 400, at: now, until: 0 }));
          const calls = new CallReservation(limit, () => now, 0);
          for (const sideBySide of steps) {
            await Promise.all(Array.from({ length: sideBySide }, () => calls.takeOne()));
            assert.ok(left() <= 400 - calls.used, `${left()} left after ${calls.used} calls`);
          }
          await calls.returnUnused();
          assert.equal(left(), 400 - steps.reduce((sum, step) => sum + step, 0));
        }),
      );
    });

    it('refuses every call while the limit is in force', async () => {
      const calls = new CallReservation(limit, () => now, 5_000);
      await assert.rejects(calls.takeOne(), { code: 'rate-limited' });
      assert.equal(calls.used, 0);
    });

    it('keeps the time until which Cloudflare blocks the token', async () => {
      await limit.block(now, 60);
      await limit.take(now, 3);
      assert.equal(await limit.blockedFor(now), 60_000);
    });
  });
});

describe('rate limit of a class', () => {
  afterEach(closeAll);

  it('counts every call; without calls left, only requests that need one wait', async () => {
    const classroom = await startClassroom({ config: { lockTimeoutSeconds: 1 } });
    const started = Date.now();
    await ask(classroom, publish(1));
    await ask(classroom, publish(1, 'b'));
    const { calls, at } = stateOf(classroom);
    const gained = ((at - started) / 1000) * rateLimits.perSecond;
    assert.ok(calls >= rateLimits.most - 4 && calls <= rateLimits.most - 4 + gained, String(calls));
    writeFileSync(stateFile(classroom), JSON.stringify({ calls: -60, at: Date.now(), until: 0 }));
    classroom.standIn.requests.length = 0;
    const outcome = await attempt(classroom, publish(2));
    assert.ok(outcome.kind === 'error' && outcome.error.code === 'rate-limited', JSON.stringify(outcome));
    assert.equal((await ask(classroom, release(1, 'b'))).kind, 'removed');
    assert.deepEqual(callsOf(classroom.standIn), []);
    assertLive(classroom.standIn, ['student1']);
    const aMinuteLater = { now: () => Date.now() + 60_000 };
    await ask(classroom, publish(2), aMinuteLater);
    await ask(classroom, release(1), aMinuteLater);
    assertLive(classroom.standIn, ['student2']);
  });

  it('counts the calls of a leader that is killed', async () => {
    const classroom = await startClassroom();
    const unhook = classroom.standIn.onRequest({
      before: async ({ method }) => {
        if (method !== 'PUT') return undefined;
        unhook();
        victim.child.kill('SIGKILL');
        await victim.ended;
        return 'drop';
      },
    });
    const victim = classroom.launch(['publish', '-p', '3001']);
    assert.equal((await victim.ended).signal, 'SIGKILL');
    assert.ok(stateOf(classroom).calls <= rateLimits.most - 4, JSON.stringify(stateOf(classroom)));
  });

  for (const [title, text] of [
    ['is garbage', '{'],
    ['makes no sense', '{"calls":"many","at":null}'],
  ] as const) {
    it(`counts as full when its file ${title}`, async () => {
      const classroom = await startClassroom();
      await ask(classroom, publish(1));
      writeFileSync(stateFile(classroom), text);
      await ask(classroom, publish(2));
      assertLive(classroom.standIn, ['student1', 'student2']);
    });
  }
});
