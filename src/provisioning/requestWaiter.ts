import { setTimeout as delay } from 'node:timers/promises';
import { gatherFor, isInFront, standBackFor } from './batching.ts';
import type { Leader } from './leader.ts';
import { isAbandoned, isHeld } from './lock.ts';
import type { Outcome } from './queue.ts';
import { timeoutOf, type QueueListener, type Store, type ProvisioningContext } from './context.ts';
import { lastProgress, noteProgress, Patience, Turn } from './wakeup.ts';

/** One request that waits for its outcome: another's round brings it, or one of our own. */
export class Waiting {
  private readonly turn: Turn;
  private readonly patience: Patience;
  /** When the crowd that is being gathered began to gather. */
  private gatheringSince: number | undefined;
  private isTimeToLook = false;
  /** The last request there was, at the last look. */
  private newest: string | undefined;
  private mayCall = true;
  /** Has a round shown that our request needs a call, which nobody may make now, and are people told? */
  private pause: 'no' | 'seen' | 'told' = 'no';

  constructor(
    private readonly id: string,
    private readonly around: ProvisioningContext,
    private readonly store: Store,
    private readonly leader: Leader,
    private readonly listener: QueueListener,
    private readonly stop: AbortSignal,
  ) {
    this.turn = new Turn(store.folder, id);
    this.patience = new Patience(timeoutOf(around), around.now());
  }

  /** @throws MendableError `busy` or `rate-limited` when it waited too long; what `stop` was aborted with */
  async forOutcome(): Promise<Outcome> {
    try {
      for (;;) {
        const outcome = await this.store.queue.outcomeOf(this.id);
        if (outcome) return outcome;
        this.stop.throwIfAborted();
        const ids = await this.store.queue.ids();
        if (await this.isPaused(ids)) await this.turn.next(this.stop);
        else await this.waitOrLead(ids);
      }
    } finally {
      this.turn.close();
    }
  }

  /** What needs no call is answered during a pause, too: only one of whom a round has shown that it needs one waits for its end. */
  private async isPaused(ids: readonly string[]): Promise<boolean> {
    const { around, store, turn } = this;
    const now = around.now();
    const remaining = await store.pause.remaining(now);
    this.mayCall = remaining === 0;
    const gathers = this.hasGrown(ids);
    this.patience.check(now, turn.progressed() || gathers || remaining > 0);
    if (remaining === 0) this.pause = 'no';
    if (this.pause === 'no') return false;
    const error = store.pause.error(now, remaining);
    if (remaining > timeoutOf(around)) throw error;
    if (this.pause === 'seen') this.listener.queued(error.message, new Date(now + remaining));
    this.pause = 'told';
    return true;
  }

  /**
   * Those in front take the lock as soon as it is free, and serve everybody. Now and then each of us looks whether it is there to be
   * taken all the same: its holder may have died, and so may those in front. While nobody may call, everybody tries once, to know
   * whether it matters.
   */
  private async waitOrLead(ids: readonly string[]): Promise<void> {
    const {
      id,
      turn,
      stop,
      store: { folder },
    } = this;
    const contends = isInFront(ids, id) || !this.mayCall;
    if (contends) turn.watchLock();
    const isFree = !isHeld(folder);
    const isOurs = this.isTimeToLook ? isFree || this.isAbandoned() : contends && isFree;
    if (!isOurs) {
      this.isTimeToLook = await turn.next(stop, ids.length);
      return;
    }
    if (isFree && (await this.gather(ids))) return;
    this.isTimeToLook = false;
    const round = await this.leader.tryRound(() => {
      this.listener.locked();
    });
    if (round === 'paused') this.pause = 'seen';
  }

  /** Has somebody come while the lock was free? On a slow machine a crowd comes for so long: that it still gathers is progress, too. */
  private hasGrown(ids: readonly string[]): boolean {
    const newest = ids.at(-1);
    const grown = this.newest !== undefined && newest !== this.newest && !isHeld(this.store.folder);
    this.newest = newest;
    return grown;
  }

  /** Never tried while its holder lives: who got a lock that was let go in that moment would begin a round that nobody has gathered for. */
  private isAbandoned(): boolean {
    const {
      around: { lockTimes, now },
      store: { folder, self },
    } = this;
    return isAbandoned(folder, self, lockTimes.stale, now());
  }

  /** Lets a crowd gather before a round is begun for it. Says whether all has to be looked at anew. */
  private async gather(ids: readonly string[]): Promise<boolean> {
    const { id, around, store, turn, stop } = this;
    const milliseconds = await stillToGather(around, store, ids, (this.gatheringSince ??= around.now()));
    if (milliseconds > 0) {
      await this.prepare(ids);
      // Who only looks, in case those in front have died, looks again later: a whole crowd would try at once when it has gathered.
      if (isInFront(ids, id)) await turn.pause(stop, milliseconds);
      else this.isTimeToLook = false;
      return true;
    }
    // On a busy machine that takes a while, in which a class begins to show behind who seemed to be alone.
    if (await this.prepare(ids)) return true;
    this.gatheringSince = undefined;
    if (ids.length > 1) await noteProgress(store.folder, around.now());
    await turn.pause(stop, standBackFor(ids, id));
    return isHeld(store.folder);
  }

  /** The first in front loads what a round needs before it takes the lock. Says whether that was still to be done. */
  private async prepare(ids: readonly string[]): Promise<boolean> {
    if (ids[0] !== this.id || !(await this.leader.prepare())) return false;
    await noteProgress(this.store.folder, this.around.now());
    return true;
  }
}

/** Lets a crowd gather, for one who waits for nothing any more, but leads. */
export async function gatherCrowd(around: ProvisioningContext, store: Store, stop: AbortSignal): Promise<void> {
  const since = around.now();
  for (;;) {
    const milliseconds = await stillToGather(around, store, await store.queue.ids(), since);
    if (milliseconds <= 0 || stop.aborted) break;
    await delay(milliseconds, undefined, { signal: stop }).catch(() => undefined);
  }
  await noteProgress(store.folder, around.now());
}

/** Milliseconds; a crowd begins to gather anew with each round, whoever's it was. */
async function stillToGather(
  around: ProvisioningContext,
  { folder, rounds }: Store,
  ids: readonly string[],
  since: number,
): Promise<number> {
  const now = around.now();
  const began = Math.min(now, Math.max(since, lastProgress(folder)));
  return gatherFor({ ids, now, since: began, patience: timeoutOf(around), last: await rounds.load() });
}
