import assert from 'node:assert/strict';
import fc from 'fast-check';
import { batchDelay, batchTimes, isContender } from '../../src/provisioning/batching.ts';
import { requestId, requestTime } from '../../src/provisioning/queue.ts';

const timeout = 10_000;
const now = 1_800_000_000_000;
const requestOfAge = (age: number) => requestId(now - age, () => 'x');
const every = (gap: number, count: number) => Array.from({ length: count }, (_, index) => gap * index);
/** The delay for requests of these ages in a batch that began `waited` milliseconds ago. */
const delayFor = (ages: readonly number[], waited: number, limit = timeout) =>
  batchDelay({ ids: ages.map(requestOfAge), now, since: now - waited, timeout: limit });

describe('batching', () => {
  it('reads the time of a request from its id, and ids sort by it', () => {
    assert.equal(requestTime(requestOfAge(0)), now);
    assert.ok(requestOfAge(1) < requestOfAge(0));
  });

  for (const [title, ages, waited, expected] of [
    ['waits a moment for more requests after a single one', [20], 0, batchTimes.alone - 20],
    ['starts when a single request has waited that moment', [batchTimes.alone], 0, 0],
    ['waits longer when several requests arrived', [60, 10], 0, batchTimes.quiet - 10],
    ['starts when no request has arrived for a while', every(10, 10).map((age) => age + batchTimes.quiet), 0, 0],
    ['starts after the longest wait while requests still arrive', every(100, 10), batchTimes.longest - 10, 10],
    ['ignores requests that have waited long enough', [3_600_000, 20], 0, batchTimes.alone - 20],
    ['does not wait for old requests alone', [3_600_000], 0, 0],
    ['does not wait for requests from the future', [-50, -10], 0, 0],
  ] as const) {
    it(title, () => {
      assert.equal(delayFor(ages, waited), expected);
    });
  }

  it('waits less than the timeout of a request when that is short', () => {
    assert.equal(delayFor(every(10, 100), 700, 1_000), 100);
  });

  it('ends every wait, and within the longest one', () => {
    const ages = fc.array(fc.integer({ min: -10_000, max: 10_000 }), { maxLength: 300 });
    fc.assert(
      fc.property(ages, fc.nat(60_000), (arrivals, waited) => {
        const delay = delayFor(arrivals, waited);
        assert.ok(delay >= 0 && delay + waited <= Math.max(waited, batchTimes.longest));
      }),
    );
  });

  it('never waits longer because time passed without a new request', () => {
    const ages = fc.array(fc.nat(5_000), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(ages, fc.nat(2_000), fc.nat(2_000), (arrivals, waited, passed) => {
        const later = delayFor(
          arrivals.map((age) => age + passed),
          waited + passed,
        );
        assert.ok(later <= delayFor(arrivals, waited));
      }),
    );
  });

  it('lets only the three oldest requests contend for the lock', () => {
    const ids = Array.from({ length: 200 }, (_, index) => `request-${index}`);
    const contends = [0, 2, 3, 199].map((index) => isContender(ids, `request-${index}`));
    assert.deepEqual(contends, [true, true, false, false]);
    assert.ok(isContender([], 'request-0'), 'a request that is not listed yet may contend');
  });
});
