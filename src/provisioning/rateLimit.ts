// The rate limit that all processes share: a token bucket for our own calls, and the time until which Cloudflare blocks the token.
import { parseJson } from '../json.ts';
import { FixableError } from './errors.ts';
import type { StateFolder } from './stateFolder.ts';

/**
 * The token bucket holds `most` calls and gains `perSecond`. In any five minutes that allows at most 950 of the 1,200 calls after
 * which Cloudflare blocks the token for five minutes (developers.cloudflare.com/fundamentals/api/reference/limits). Calls from the
 * dashboard count towards those 1,200 too. A round takes four calls, or eight if it has to settle a failed write.
 */
export const rateLimits = { most: 500, perSecond: 1.5, perRound: 8 } as const;

/** The state file. Times in milliseconds since 1970. */
export interface RateState {
  /** Calls that were left at the time `at`. */
  readonly calls: number;
  readonly at: number;
  /** The time until which Cloudflare blocks the token; 0 if it does not. */
  readonly until: number;
}

/** The calls that are left at the time `now`. Pure. A state from the future means that the clock was set back; it is ignored. */
export function callsLeft(now: number, state: RateState | undefined): number {
  if (!state || state.at > now) return rateLimits.most;
  return Math.min(rateLimits.most, state.calls + ((now - state.at) / 1000) * rateLimits.perSecond);
}

/** Milliseconds until a round may begin; 0 if it may begin now. Pure. */
export function blockedFor(now: number, state: RateState | undefined): number {
  const missing = rateLimits.perRound - callsLeft(now, state);
  return Math.max(0, (state?.until ?? 0) - now, (missing / rateLimits.perSecond) * 1000);
}

const file = ['records', 'rateLimit.json'] as const;

/** Reads and writes the state file. A file that is missing or invalid counts as a full bucket. */
export class RateLimit {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /** Milliseconds until a round may begin; 0 if it may begin now. */
  async blockedFor(now: number): Promise<number> {
    return blockedFor(now, await this.#load());
  }

  /** Takes calls out of the bucket, or puts back a negative number of them. Call it while holding the lock. */
  async take(now: number, calls: number): Promise<void> {
    const state = await this.#load();
    await this.#save({ calls: callsLeft(now, state) - calls, at: now, until: state?.until ?? 0 });
  }

  /** Records that Cloudflare blocks the token for `seconds`. Call it while holding the lock. */
  async block(now: number, seconds: number): Promise<void> {
    const state = await this.#load();
    await this.#save({ calls: callsLeft(now, state), at: now, until: now + seconds * 1000 });
  }

  async #load(): Promise<RateState | undefined> {
    const state = parseJson((await this.#folder.read(...file)) ?? '') as Partial<RateState> | null | undefined;
    const isValid = [state?.calls, state?.at, state?.until].every(Number.isFinite);
    return isValid ? (state as RateState) : undefined;
  }

  async #save(state: RateState): Promise<void> {
    await this.#folder.write(file, `${JSON.stringify(state)}\n`);
  }
}

/**
 * The calls of one lock holder. They are reserved on disk before they are made, `perRound` at a time, so that the calls of a holder
 * that is killed stay counted.
 */
export class CallReservation {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #blockedFor: number;
  #reserved = 0;
  #used = 0;
  #written = Promise.resolve();

  /** @param blockedFor milliseconds until a round may begin */
  constructor(limit: RateLimit, now: () => number, blockedFor: number) {
    this.#limit = limit;
    this.#now = now;
    this.#blockedFor = blockedFor;
  }

  /** Calls made so far. */
  get used(): number {
    return this.#used;
  }

  /**
   * Call it before each call; returns once the reservation is on disk.
   * @throws FixableError `rate-limited`, `state-unwritable`
   */
  async takeOne(): Promise<void> {
    if (this.#blockedFor > 0) throw rateLimitError(this.#now(), this.#blockedFor);
    this.#used += 1;
    if (this.#used > this.#reserved) {
      this.#reserved += rateLimits.perRound;
      this.#written = this.#written.then(() => this.#limit.take(this.#now(), rateLimits.perRound));
    }
    await this.#written;
  }

  /** Puts the calls that were not made back into the bucket. Call it while holding the lock. */
  async returnUnused(): Promise<void> {
    if (this.#reserved > this.#used) await this.#limit.take(this.#now(), this.#used - this.#reserved);
  }
}

/** The error for a caller that may not call Cloudflare for another `remaining` milliseconds. */
export function rateLimitError(now: number, remaining: number): FixableError {
  return new FixableError('rate-limited', {
    seconds: Math.ceil(remaining / 1000),
    until: new Date(now + remaining).toTimeString().slice(0, 8),
  });
}
