// Takes the lock, connects to Cloudflare and serves a round for all waiting processes.
import { errorForPeople } from './checkedFetch.ts';
import { timeoutOf, type ProvisioningContext, type Store } from './context.ts';
import { FixableError } from './errors.ts';
import { withLock, type HeldLock } from './lock.ts';
import { noteProgress } from './progress.ts';
import { CallReservation } from './rateLimit.ts';
import { serveRound } from './round.ts';
import type { RoundApi } from './roundApi.ts';

/** A lock holder's lock and its connection to Cloudflare. */
export interface LeaderSession {
  readonly lock: HeldLock;
  readonly cloudflare: RoundApi;
  /** Calls made so far. */
  readonly callCount: () => number;
}

/** This process in the role of the lock holder. */
export class Leader {
  readonly context: ProvisioningContext;
  readonly store: Store;
  /** Whether this process ever held the lock. Only then can requests have queued behind it. */
  hasLed = false;
  #isLoaded = false;

  constructor(context: ProvisioningContext, store: Store) {
    this.context = context;
    this.store = store;
  }

  /** Runs `work` while holding the lock. Returns undefined at once, without running it, if another process holds the lock. */
  async lead<T>(work: (session: LeaderSession) => Promise<T>): Promise<T | undefined> {
    const { newId, lockTimes: times, now } = this.context;
    const { folder, self, rateLimit, log } = this.store;
    return withLock({ folder, self, newId, now, times }, async (lock) => {
      this.hasLed = true;
      const calls = new CallReservation(rateLimit, now, await rateLimit.blockedFor(now()));
      try {
        return await work({ lock, cloudflare: await this.#connect(lock, calls), callCount: () => calls.used });
      } catch (error) {
        await this.#shareRateLimit(lock, errorForPeople(error));
        throw error;
      } finally {
        await ifPossible(lock, () => calls.returnUnused());
      }
    }).finally(() => {
      log.flush();
    });
  }

  /** Serves one round if the lock is free. Under a rate limit, requests that need a call stay queued. */
  async tryRound(): Promise<'served' | 'rate-limited' | 'busy'> {
    const { config, now, isListening, socketsOn } = this.context;
    try {
      const served = await this.lead(async (session) => {
        await serveRound({
          ...this.store,
          ...session,
          scope: config,
          machine: config.machine,
          now,
          isListening,
          socketsOn,
          openingHours: config.openingHours,
          log: this.store.log.add,
          maxSitesPerUser: config.maxSitesPerUser,
          keepRecordFor: config.dns === 'wildcard' ? 0 : config.keepRecordMinutes * 60_000,
          patience: timeoutOf(this.context),
        });
        return 'served' as const;
      });
      return served ?? 'busy';
    } catch (error) {
      if (!(error instanceof FixableError) || error.code !== 'rate-limited') throw error;
      return 'rate-limited';
    }
  }

  /** Loads the modules that a round needs, which is progress on a busy machine. Returns false if they were loaded already. */
  async load(): Promise<boolean> {
    if (this.#isLoaded) return false;
    this.#isLoaded = true;
    await loadRoundApi();
    new Headers(); // makes node load its fetch
    await noteProgress(this.store.folder, this.context.now());
    return true;
  }

  /** Our own error, raised while a limit is in force, has the fact `until`; it does not prolong the limit. */
  async #shareRateLimit(lock: HeldLock, error: unknown): Promise<void> {
    if (!(error instanceof FixableError) || error.code !== 'rate-limited') return;
    const { seconds, until } = error.facts;
    if (until !== undefined || typeof seconds !== 'number') return;
    await ifPossible(lock, () => this.store.rateLimit.block(this.context.now(), seconds));
  }

  async #connect(lock: HeldLock, calls: CallReservation): Promise<RoundApi> {
    const { config, token, fetch, callDeadline, now } = this.context;
    const { connectRoundApi } = await loadRoundApi();
    return connectRoundApi({
      ...config,
      token,
      fetch,
      callDeadline,
      signal: lock.signal,
      beforeCall: () => calls.takeOne(),
      afterCall: () => {
        void noteProgress(this.store.folder, now());
      },
    });
  }
}

/** A full disk or a lost lock must not undo what the round did. */
async function ifPossible(lock: HeldLock, write: () => Promise<void>): Promise<void> {
  try {
    lock.check();
    await write();
  } catch (error) {
    if (!(error instanceof FixableError)) throw error;
  }
}

/** Loaded on demand: only the lock holder calls Cloudflare. */
function loadRoundApi() {
  return import('./roundApi.ts');
}
