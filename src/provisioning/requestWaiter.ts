// Waits until one request has its outcome: another process serves it, or this process leads the round.
import { setTimeout as delay } from 'node:timers/promises';
import { batchDelay, isContender } from './batching.ts';
import { timeoutOf, type QueueListener } from './context.ts';
import type { Leader } from './leader.ts';
import { isAbandoned, isHeld } from './lock.ts';
import { lastProgress, ProgressTimeout } from './progress.ts';
import type { Outcome } from './queue.ts';
import { rateLimitError } from './rateLimit.ts';
import { Wakeup } from './wakeup.ts';

/**
 * Waits for the outcome of request `id`, and leads rounds until it is there.
 * @throws FixableError `busy` after too long without progress, `rate-limited` if the limit outlasts the timeout; the reason of `stop`
 */
export async function waitForOutcome(
  leader: Leader,
  id: string,
  listener: QueueListener,
  stop: AbortSignal,
): Promise<Outcome> {
  const waiter = new Waiter(leader, id, listener, stop);
  try {
    for (;;) {
      const outcome = await leader.store.queue.outcomeOf(id);
      if (outcome) return outcome;
      stop.throwIfAborted();
      await waiter.waitOrLead();
    }
  } finally {
    waiter.close();
  }
}

/** Waits until no more requests arrive, before a round that this process leads for others. */
export async function waitForBatch(leader: Leader, stop: AbortSignal): Promise<void> {
  const since = leader.context.now();
  for (;;) {
    const milliseconds = remainingBatchDelay(leader, await leader.store.queue.ids(), since);
    if (milliseconds <= 0 || stop.aborted) return;
    await delay(milliseconds, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Milliseconds. A round of any process ends a batch, so the next one begins no earlier than the last progress. */
function remainingBatchDelay({ context, store }: Leader, ids: readonly string[], since: number): number {
  const now = context.now();
  const began = Math.min(now, Math.max(since, lastProgress(store.folder)));
  return batchDelay({ ids, now, since: began, timeout: timeoutOf(context) });
}

class Waiter {
  readonly #leader: Leader;
  readonly #id: string;
  readonly #listener: QueueListener;
  readonly #stop: AbortSignal;
  readonly #wakeup: Wakeup;
  readonly #timeout: ProgressTimeout;
  /** When this process began to wait for a batch: milliseconds since 1970. */
  #batchSince: number | undefined;
  /** The interval passed without an event: the lock holder or the contenders may have died. */
  #isFallbackCheck = false;
  /** A round showed that this request needs a call while the rate limit allows none. */
  #isLimited = false;
  #toldLimit = false;

  constructor(leader: Leader, id: string, listener: QueueListener, stop: AbortSignal) {
    const { context, store } = leader;
    this.#leader = leader;
    this.#id = id;
    this.#listener = listener;
    this.#stop = stop;
    this.#wakeup = new Wakeup(store.folder, id);
    this.#timeout = new ProgressTimeout(store.folder, timeoutOf(context), context.now());
  }

  close(): void {
    this.#wakeup.close();
  }

  /** Returns after the next event, or after a round of this process. */
  async waitOrLead(): Promise<void> {
    const { context, store } = this.#leader;
    const now = context.now();
    const blockedFor = await store.rateLimit.blockedFor(now);
    this.#timeout.check(now, blockedFor > 0);
    if (blockedFor === 0) this.#isLimited = this.#toldLimit = false;
    if (this.#isLimited) await this.#waitForRateLimit(now, blockedFor);
    // Under a rate limit each process tries one round, to learn whether its request needs a call.
    else await this.#waitForTurn(await store.queue.ids(), blockedFor > 0);
  }

  async #waitForRateLimit(now: number, blockedFor: number): Promise<void> {
    const error = rateLimitError(now, blockedFor);
    if (blockedFor > timeoutOf(this.#leader.context)) throw error;
    if (!this.#toldLimit) this.#listener.queued(error, new Date(now + blockedFor));
    this.#toldLimit = true;
    await this.#wakeup.next(this.#stop);
  }

  async #waitForTurn(ids: readonly string[], isBlocked: boolean): Promise<void> {
    const contends = isBlocked || isContender(ids, this.#id);
    if (contends) this.#wakeup.watchLock();
    const isFree = !isHeld(this.#leader.store.folder);
    const mayLead = this.#isFallbackCheck ? isFree || this.#isAbandoned() : contends && isFree;
    if (!mayLead) this.#isFallbackCheck = await this.#wakeup.next(this.#stop, ids.length);
    else if (!isFree || (await this.#isBatchComplete(ids, contends))) await this.#lead();
  }

  async #lead(): Promise<void> {
    this.#isFallbackCheck = false;
    this.#batchSince = undefined;
    const round = await this.#leader.tryRound();
    // Told after the round: the caller may be slow to read, and must not prolong the time under the lock.
    if (round !== 'busy') this.#listener.locked();
    if (round === 'rate-limited') this.#isLimited = true;
  }

  /** The lock of a living holder is not tried: if it was released just now, a round would begin before its batch is complete. */
  #isAbandoned(): boolean {
    const { context, store } = this.#leader;
    return isAbandoned(store.folder, store.self, context.lockTimes.stale, context.now());
  }

  async #isBatchComplete(ids: readonly string[], contends: boolean): Promise<boolean> {
    const milliseconds = remainingBatchDelay(this.#leader, ids, (this.#batchSince ??= this.#leader.context.now()));
    // The oldest request's process loads its client early. On a busy machine more requests arrive in that time.
    const hasLoaded = ids[0] === this.#id && (await this.#leader.load());
    if (milliseconds <= 0) return !hasLoaded;
    if (contends) await this.#wakeup.pause(this.#stop, milliseconds);
    // A fallback check waits for the next interval; otherwise every process would contend when the batch is complete.
    else this.#isFallbackCheck = false;
    return false;
  }
}
