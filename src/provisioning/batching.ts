// Batching: a debounce lets requests that arrive together be served by one round.
import { requestTime } from './queue.ts';

/** Milliseconds that a round waits for more requests. */
export const batchTimes = {
  /** After the arrival of a single request. */
  alone: 50,
  /** After the last arrival of several. */
  quiet: 250,
  /** In all. */
  longest: 2_000,
} as const;

/** How many of the oldest requests contend for the lock. If all did, all but one attempt would fail. */
const contenders = 3;

export interface Batch {
  /** The ids of the queued requests, oldest first. */
  readonly ids: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** When this batch began: milliseconds since 1970. */
  readonly since: number;
  /** Milliseconds after which a request without progress gives up. */
  readonly timeout: number;
}

/** Milliseconds to wait before the next round. Pure. Requests older than `batchTimes.longest` have waited long enough. */
export function batchDelay({ ids, now, since, timeout }: Batch): number {
  const longest = Math.min(batchTimes.longest, 0.8 * timeout);
  const arrivals = ids.map(requestTime).filter((time) => time <= now && time > now - batchTimes.longest);
  if (arrivals.length === 0) return 0;
  const quiet = arrivals.length === 1 ? batchTimes.alone : batchTimes.quiet;
  return Math.max(0, Math.min(Math.max(...arrivals) + quiet, since + longest) - now);
}

/** Whether this request is among the oldest, which contend for the lock. */
export function isContender(ids: readonly string[], id: string): boolean {
  return ids.indexOf(id) < contenders;
}
