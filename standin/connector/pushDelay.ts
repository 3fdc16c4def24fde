// The time from a save until it reaches the connector. Cloudflare names no figure; its users speak of seconds.

/** Returns delays between 50 and 150 ms, in a sequence that the seed determines (the mulberry32 generator). */
export function randomPushDelay(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return 50 + (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * 100;
  };
}
