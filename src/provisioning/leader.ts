import type { RoundApi } from './roundApi.ts';
import { roundsAfter } from './batching.ts';
import { MendableError } from './errors.ts';
import { withLock, type HeldLock } from './lock.ts';
import { serveRound } from './round.ts';
import { timeoutOf, type Store, type ProvisioningContext } from './context.ts';
import { noteProgress } from './wakeup.ts';

/** What whoever holds the lock works with. */
export interface Session {
  readonly lock: HeldLock;
  readonly cloudflare: RoundApi;
  /** Calls made so far. */
  readonly callCount: () => number;
}

/** This process as the one that holds the lock, and serves everybody. */
export class Leader {
  /** Has it led? Only then can others have come meanwhile who still wait for it. */
  hasLed = false;
  private isPrepared = false;

  constructor(
    private readonly around: ProvisioningContext,
    private readonly store: Store,
  ) {}

  /** Runs `work` under the lock, connected to Cloudflare; undefined at once, without running it, where another leads. */
  async lead<T>(work: (session: Session) => Promise<T>): Promise<T | undefined> {
    const {
      around: { newId, lockTimes: times },
      store: { folder, self },
    } = this;
    return withLock({ folder, self, newId, times }, async (lock) => {
      this.hasLed = true;
      let calls = 0;
      const cloudflare = await this.connect(lock, () => {
        calls += 1;
      });
      try {
        return await work({ lock, cloudflare, callCount: () => calls });
      } finally {
        await this.spend(lock, calls);
      }
    });
  }

  /** Serves one round, if the lock is free. Under a rate limit it only notes until when, and those who need a call go on waiting. */
  async tryRound(onLocked: () => void): Promise<'served' | 'paused' | 'busy'> {
    const { around, store } = this;
    const { config, now, log, isListening } = around;
    try {
      const served = await this.lead(async (session) => {
        onLocked();
        const served = await serveRound({
          ...store,
          ...session,
          scope: config,
          machine: config.machine,
          now,
          isListening,
          log,
          patience: timeoutOf(around),
        });
        await this.noteRound(session.lock, served);
        return 'served' as const;
      });
      return served ?? 'busy';
    } catch (error) {
      if (!(error instanceof MendableError) || error.code !== 'rate-limited') throw error;
      await store.pause.note(now(), error);
      return 'paused';
    }
  }

  /** Loads what a round needs: the client, and node's own fetch, which is loaded when it is first used. Says whether that was still to be done. */
  async prepare(): Promise<boolean> {
    if (this.isPrepared) return false;
    this.isPrepared = true;
    await loadCloudflare();
    new Headers();
    return true;
  }

  private async noteRound(lock: HeldLock, served: readonly string[]): Promise<void> {
    const { rounds } = this.store;
    const last = await rounds.load();
    const next = roundsAfter(served, this.around.now(), last);
    if (next && next !== last && (next.count > 0 || last?.count)) await this.note(lock, () => rounds.save(next));
  }

  private async spend(lock: HeldLock, calls: number): Promise<void> {
    await this.note(lock, () => this.store.pause.spend(this.around.now(), calls));
  }

  /** What cannot be noted, as the disk is full or the lock is lost, must not undo what was done. */
  private async note(lock: HeldLock, write: () => Promise<void>): Promise<void> {
    try {
      lock.check();
      await write();
    } catch (error) {
      if (!(error instanceof MendableError)) throw error;
    }
  }

  private async connect(lock: HeldLock, onCall: () => void): Promise<RoundApi> {
    const {
      around: { config, token, fetch, callDeadline, now },
      store: { pause, folder },
    } = this;
    const pausedFor = await pause.remaining(now());
    const { connectRoundApi: connectCloudflare } = await loadCloudflare();
    return connectCloudflare({
      ...config,
      token,
      fetch,
      callDeadline,
      signal: lock.signal,
      onCall: () => {
        onCall();
        void noteProgress(folder, now());
      },
      checkPause: () => {
        if (pausedFor > 0) throw pause.error(now(), pausedFor);
      },
    });
  }
}

/** Of a crowd only the one who leads calls Cloudflare: the others need not load its client. */
function loadCloudflare() {
  return import('./roundApi.ts');
}
