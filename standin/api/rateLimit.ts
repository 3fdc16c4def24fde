// 1,200 requests in five minutes a token; past that every call is blocked for five minutes.
import type { Token } from '../world.ts';
import { refuse } from './answers.ts';

export interface RateLimit {
  requests: number;
  windowSeconds: number;
  blockSeconds: number;
}

export const cloudflareRateLimit: RateLimit = { requests: 1200, windowSeconds: 300, blockSeconds: 300 };

/** Returns a function that counts one request of a token, and throws the refusal (429 with retry-after) when it was one too many. */
export function createRateLimiter(limit: RateLimit, now: () => number): (token: Token) => void {
  const usage = new Map<string, { since: number; count: number; blockedUntil: number }>();
  return (token) => {
    const time = now();
    let use = usage.get(token.id);
    if (!use || (time >= use.since + limit.windowSeconds * 1000 && time >= use.blockedUntil)) {
      use = { since: time, count: 0, blockedUntil: 0 };
      usage.set(token.id, use);
    }
    if (time >= use.blockedUntil) {
      use.count += 1;
      if (use.count <= limit.requests) return;
      use.blockedUntil = time + limit.blockSeconds * 1000;
      use.since = use.blockedUntil;
      use.count = 0;
    }
    throw refuse.tooManyRequests(limit, Math.ceil((use.blockedUntil - time) / 1000));
  };
}
