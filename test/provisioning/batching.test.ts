import assert from 'node:assert/strict';
import fc from 'fast-check';
import { crowd, gatherFor, isInFront, roundsAfter, standBackFor } from '../../src/provisioning/batching.ts';
import { requestId, requestTime } from '../../src/provisioning/queue.ts';

const patience = 10_000;
const now = 1_800_000_000_000;
const at = (age: number) => requestId(now - age, () => 'x');
const every = (gap: number, count: number) => Array.from({ length: count }, (_, index) => gap * index);

describe('crowd', () => {
  it('an id tells its time, and sorts by it', () => {
    assert.equal(requestTime(at(0)), now);
    assert(at(1) < at(0));
  });

  for (const [what, ages, waited, expected] of [
    ['one alone waits for the blink in which a class would begin to arrive', [20], 0, crowd.alone - 20],
    ['then it goes', [crowd.alone], 0, 0],
    ['in a crowd the round waits for a moment of quiet', every(10, 10), 0, crowd.shortestQuiet],
    ['after that moment it goes', every(10, 10).map((age) => age + crowd.shortestQuiet), 0, 0],
    ['where they come slowly, quiet is longer', every(80, 20), 0, Math.floor((1 + Math.log(20)) * 80)],
    ['up to a limit', every(1_000, 4), 0, crowd.shortestQuiet + 4 * crowd.quietForEach],
    ['two are no slow crowd', [400, 0], 0, crowd.shortestQuiet + 2 * crowd.quietForEach],
    ['what lies there for long says nothing', [3_600_000, 20], 0, crowd.alone - 20],
    ['and is not waited for', [3_600_000], 0, 0],
    [
      'a crowd that goes on coming is not waited for for ever',
      every(100, 10),
      crowd.longest + 10 * crowd.longestForEach - 10,
      10,
    ],
    ['nor beyond its patience', every(10, 100), crowd.ofPatience * patience, 0],
    ['a clock that is ahead keeps nobody', [-50, -10], 0, 0],
  ] as const) {
    it(what, () => {
      assert.equal(
        Math.floor(gatherFor({ ids: ages.map(at), now, since: now - waited, patience, last: undefined })),
        expected,
      );
    });
  }

  for (const [what, ages, waited, last, expected] of [
    [
      'a crowd that two rounds have not served is larger than a class',
      every(10, 10),
      0,
      { count: 2, age: 50 },
      crowd.lateQuiet,
    ],
    [
      'so is one of which the next comes soon after, the more so with each round',
      [0],
      0,
      { count: 3, age: crowd.next },
      2 * crowd.lateQuiet,
    ],
    [
      'it gathers for as long as its patience lets it',
      every(820, 11),
      crowd.ofPatience * patience - 10,
      { count: 2, age: 5_990 },
      10,
    ],
    ['one round may have come too early', every(10, 10), 0, { count: 1, age: 50 }, crowd.nextQuiet],
    ['who comes later comes by chance', [0], 0, { count: 5, age: crowd.next + 1 }, crowd.alone],
    ['a round that is still to come was before the clock was set back', [0], 0, { count: 5, age: -10 }, crowd.alone],
  ] as const) {
    it(what, () => {
      const crowdNow = {
        ids: ages.map(at),
        now,
        since: now - waited,
        patience,
        last: { count: last.count, at: now - last.age },
      };
      assert.equal(Math.floor(gatherFor(crowdNow)), expected);
    });
  }

  it('only large rounds of one crowd make it larger than a class', () => {
    const many = every(10, crowd.large).map(at);
    const last = { count: 1, at: now - 5 };
    assert.deepEqual(roundsAfter(many, now, undefined), { count: 1, at: now });
    assert.deepEqual(roundsAfter(many, now, last), { count: 2, at: now });
    assert.deepEqual(roundsAfter(many.slice(1), now, last), { count: 1, at: now });
    assert.deepEqual(roundsAfter(many.slice(1), now, undefined), { count: 0, at: now });
    assert.deepEqual(roundsAfter([], now, last), last, 'a round that found nobody says nothing');
    assert.deepEqual(roundsAfter(many, now, { count: 1, at: now - 3_600_000 }), { count: 1, at: now });
  });

  it('a long wait that brought nobody is not repeated: who asks again and again, each time with the answer, is no crowd', () => {
    const last = { count: 4, at: now - 9_000 };
    const again = every(10, 10).map((age) => at(age + 8_800)); // all within 200 ms of the last round's end
    assert.deepEqual(roundsAfter(again, now, last), { count: crowd.rounds - 1, at: now });
    assert.deepEqual(roundsAfter(again.slice(9), now, last), { count: crowd.rounds - 1, at: now });
    const whileServed = [at(9_600), at(9_050)]; // by the round before: they waited when it ended
    assert.deepEqual(roundsAfter(whileServed, now, last), { count: crowd.rounds - 1, at: now });
    assert.deepEqual(roundsAfter([...again, at(8_000)], now, last), { count: 5, at: now }, 'one came after all');
  });

  it('whoever comes, and whenever, the wait has an end', () => {
    const anything = fc.record({
      ages: fc.array(fc.integer({ min: -10_000, max: 10_000 }), { maxLength: 300 }),
      waited: fc.nat(60_000),
      last: fc.option(fc.record({ count: fc.nat(10), age: fc.integer({ min: -60_000, max: 60_000 }) }), {
        nil: undefined,
      }),
    });
    fc.assert(
      fc.property(anything, ({ ages, waited, last }) => {
        const wait = gatherFor({
          ids: ages.map(at),
          now,
          since: now - waited,
          patience,
          last: last && { count: last.count, at: now - last.age },
        });
        assert(wait >= 0);
        assert(wait + waited <= Math.max(waited, crowd.ofPatience * patience));
      }),
    );
  });

  it('only the oldest contend, each a little after the one before', () => {
    const ids = Array.from({ length: 200 }, (_, index) => `request-${index}`);
    assert.deepEqual(
      [0, 2, 3, 199].map((index) => isInFront(ids, `request-${index}`)),
      [true, true, false, false],
    );
    assert.deepEqual(
      [0, 2, 3, 199].map((index) => standBackFor(ids, `request-${index}`)),
      [1, 3, 4, 4].map((times) => times * crowd.standBack),
    );
    assert.equal(standBackFor(['request-0'], 'request-0'), 0);
    assert(isInFront([], 'request-0'), "who is not listed yet is in nobody's way");
  });
});
