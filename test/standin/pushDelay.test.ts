import assert from 'node:assert/strict';
import { randomPushDelay } from '../../standin/connector/pushDelay.ts';

describe('stand-in: the delay of a push', () => {
  const delays = (seed: number) => Array.from({ length: 100 }, randomPushDelay(seed));

  it('is between 50 and 150 ms, and not always the same', () => {
    assert.ok(delays(1).every((delay) => delay >= 50 && delay < 150));
    assert.equal(new Set(delays(1)).size, 100);
  });

  it('is determined by the seed', () => {
    assert.deepEqual(delays(7), delays(7));
    assert.notDeepEqual(delays(7), delays(8));
  });
});
