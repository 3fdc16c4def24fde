// Counts API calls as Cloudflare does: per user, and past the limit every call is blocked for five minutes.
import type { Token } from '../world.ts';
import { refuse } from './answers.ts';

export interface RateLimit {
  requests: number;
  windowSeconds: number;
  blockSeconds: number;
}

export const cloudflareRateLimit: RateLimit = { requests: 1200, windowSeconds: 300, blockSeconds: 300 };

/**
 * Returns a function that counts one call and throws the refusal (429 with retry-after) past the limit. All tokens of one user
 * share a count; an account-owned token has its own.
 */
export function createRateLimiter(limit: RateLimit, now: () => number): (token: Token) => void {
  const usage = new Map<string, { since: number; count: number; blockedUntil: number }>();
  return (token) => {
    const time = now();
    const key = token.owner === 'user' ? `user ${token.user}` : `token ${token.id}`;
    let use = usage.get(key);
    if (!use || (time >= use.since + limit.windowSeconds * 1000 && time >= use.blockedUntil)) {
      use = { since: time, count: 0, blockedUntil: 0 };
      usage.set(key, use);
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
