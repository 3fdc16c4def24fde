import { setTimeout as delay } from 'node:timers/promises';
import type { Cloudflare } from './cloudflare.ts';
import type { Config } from './config.ts';
import { gatherFor, isInFront, standBackFor } from './crowd.ts';
import { MendableError } from './errors.ts';
import { History } from './history.ts';
import { identify, type ProcessIdentity } from './identity.ts';
import { isHeld, withLock, type HeldLock, type LockTimes } from './lock.ts';
import { Pause } from './pause.ts';
import { Queue, requestId, type Action, type Outcome } from './queue.ts';
import { Records } from './records.ts';
import { serveRound } from './round.ts';
import { StateFolder } from './stateFolder.ts';
import { lastProgress, noteProgress, Patience, Turn } from './turn.ts';

/** What the outside world is to provisioning. */
export interface Surroundings {
  readonly config: Config;
  /** The name of this computer; two that share a state folder have two. */
  readonly host: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A name that nobody else has. */
  readonly newId: () => string;
  readonly fetch: typeof fetch;
  /** Milliseconds that one call to Cloudflare may take: two in a row end within the time under the lock. */
  readonly callDeadline: number;
  readonly lockTimes: LockTimes;
  readonly isListening: (port: number) => boolean;
  /** For the teacher's eyes: what went on outside the ordinary. */
  readonly log: (line: string) => void;
}

/** What a requester is told before its outcome. */
export interface Listener {
  queued(message?: string, until?: Date): void;
  locked(): void;
}

/**
 * Provisioning, as one story: queue → lock → read → plan → apply → outcome.
 *
 * Whoever wants a change queues a request, then contends for the lock. Whoever gets the lock serves everybody who waits (see
 * `serveRound`), so the others only find their outcome.
 */
export class Publisher {
  /** Did this process hold the lock? Only then can others have come meanwhile who still wait for it. */
  private hasLed = false;

  private constructor(
    private readonly around: Surroundings,
    private readonly folder: StateFolder,
    private readonly self: ProcessIdentity,
    private readonly queue: Queue,
    private readonly pause: Pause,
    readonly records: Records,
    readonly history: History,
  ) {}

  /** @throws MendableError `state-unwritable` */
  static async open(around: Surroundings): Promise<Publisher> {
    const folder = await StateFolder.open(around.config.stateDir);
    const self = identify(process.pid, around.host);
    return new Publisher(around, folder, self, new Queue(folder, self, around.log), new Pause(folder), new Records(folder, around.log), new History(folder));
  }

  /**
   * Asks for a change and waits for its outcome, for as long as anything gets on. `stop` ends the waiting, never a round.
   * @throws MendableError `busy` or `rate-limited` when it waited too long
   */
  async request(action: Action, listener: Listener, stop: AbortSignal): Promise<Outcome> {
    const { id } = await this.queue.submit(requestId(this.around.now(), this.around.newId), this.around.now(), action);
    const turn = new Turn(this.folder, id);
    try {
      listener.queued();
      const outcome = await this.waitOrLead(id, turn, listener, stop);
      await this.queue.withdraw(id);
      if (action.kind === 'collect') await this.folder.sweep(this.around.now());
      return outcome;
    } catch (error) {
      // To put something up for nobody is wrong; to take something down is right whoever does it.
      if (action.kind === 'publish' || action.kind === 'collect') await this.queue.withdraw(id);
      throw error;
    } finally {
      turn.close();
    }
  }

  /** Serves those who are still waiting after our own outcome: they came while we held the lock. What stops us there stops them too, and they are told. */
  async serveOthers(stop: AbortSignal): Promise<void> {
    if (!this.hasLed) return;
    const until = this.around.now() + this.patience;
    while (!stop.aborted && this.around.now() < until && !(await this.queue.isEmpty(this.around.now()))) {
      await this.gatherCrowd(stop);
      const round = await this.tryRound(() => undefined).catch((error: unknown) => {
        if (error instanceof MendableError) return 'busy' as const;
        throw error;
      });
      if (round !== 'served') return; // another leads now, or nobody may
    }
  }

  /**
   * Puts a configuration back that was kept, whole; what is live now is put into it again by `gc` or by its next publication.
   * `user` is who wants it so, for the audit log. Answers its new version. @throws MendableError `busy`, `backup-unknown`
   */
  async restore(name: string, user: string, stop: AbortSignal): Promise<number> {
    const { folder, self, around } = this;
    const started = around.now();
    const { config } = await this.history.get(name);
    const giveUp = started + this.patience;
    const turn = new Turn(folder, '');
    try {
      for (;;) {
        stop.throwIfAborted();
        const version = await withLock({ folder, self, newId: around.newId, times: around.lockTimes }, async (lock) => {
          let apiCalls = 0;
          const cloudflare = await this.connect(lock, () => { apiCalls += 1; });
          const before = await cloudflare.readConfiguration();
          const at = new Date(around.now()).toISOString();
          if (before.config) await this.history.keep(at, before.version, before.config);
          lock.check();
          const written = await cloudflare.writeConfiguration(config);
          await this.history.audit({ at, user, what: 'restore', outcome: 'restored', name, version: written, milliseconds: around.now() - started, apiCalls });
          return written;
        });
        if (version !== undefined) return version;
        if (around.now() > giveUp) throw new MendableError('busy', { seconds: Math.round(this.patience / 1000) });
        await turn.next(stop);
      }
    } finally {
      turn.close();
    }
  }

  private async waitOrLead(id: string, turn: Turn, listener: Listener, stop: AbortSignal): Promise<Outcome> {
    const patience = new Patience(this.patience, this.around.now());
    let pauseSeen: 'no' | 'yes' | 'told' = 'no';
    let isTimeToLook = false;
    for (;;) {
      const outcome = await this.queue.outcomeOf(id);
      if (outcome) return outcome;
      stop.throwIfAborted();
      const now = this.around.now();
      const paused = await this.pause.remaining(now);
      patience.check(now, await turn.progressed() || paused > 0);
      if (paused === 0) pauseSeen = 'no';
      if (pauseSeen !== 'no') {
        // A round has shown that our request needs a call: what needs none is answered during a pause, too.
        const error = this.pause.error(now, paused);
        if (paused > this.patience) throw error;
        if (pauseSeen === 'yes') listener.queued(error.message, new Date(now + paused));
        pauseSeen = 'told';
        await turn.next(stop);
        continue;
      }
      const ids = await this.queue.ids();
      // Those in front take the lock as soon as it is free, and serve everybody. Now and then each of us tries all the same: it may
      // be held by one who has died, and so may those in front.
      const isOurs = isInFront(ids, id);
      if (isOurs) turn.watchLock();
      if (!isTimeToLook && (!isOurs || isHeld(this.folder))) { isTimeToLook = await turn.next(stop, ids.length); continue; }
      isTimeToLook = false;
      if (!isHeld(this.folder) && await this.gather(id, ids, turn, patience, stop)) continue;
      const round = await this.tryRound(() => { listener.locked(); });
      if (round === 'paused') pauseSeen = 'yes';
    }
  }

  /** Lets a crowd gather before a round is begun for it. Says whether it waited: then all has to be looked at anew. */
  private async gather(id: string, ids: readonly string[], turn: Turn, patience: Patience, stop: AbortSignal): Promise<boolean> {
    const now = this.around.now();
    const milliseconds = await this.gatherFor(ids, patience.gatheringSince ??= now);
    if (milliseconds > 0) {
      await turn.pause(stop, milliseconds);
      return true;
    }
    patience.gatheringSince = undefined;
    if (ids.length > 1) await noteProgress(this.folder, now);
    await turn.pause(stop, standBackFor(ids, id));
    return isHeld(this.folder);
  }

  /** The same, for one who has its own outcome already. */
  private async gatherCrowd(stop: AbortSignal): Promise<void> {
    const since = this.around.now();
    for (;;) {
      const milliseconds = await this.gatherFor(await this.queue.ids(), since);
      if (milliseconds <= 0 || stop.aborted) break;
      await delay(milliseconds, undefined, { signal: stop }).catch(() => undefined);
    }
    await noteProgress(this.folder, this.around.now());
  }

  /** A crowd begins to gather anew with each round, whoever's it was. */
  private async gatherFor(ids: readonly string[], since: number): Promise<number> {
    const now = this.around.now();
    return gatherFor(ids, now, Math.min(now, Math.max(since, await lastProgress(this.folder))), this.patience);
  }

  /** Serves one round, if the lock is free. Under a rate limit it only notes until when, and those who need a call go on waiting. */
  private async tryRound(onLocked: () => void): Promise<'served' | 'paused' | 'busy'> {
    const { folder, self, around } = this;
    try {
      const served = await withLock({ folder, self, newId: around.newId, times: around.lockTimes }, async (lock) => {
        this.hasLed = true;
        onLocked();
        await this.round(lock);
        return 'served' as const;
      });
      return served ?? 'busy';
    } catch (error) {
      if (!(error instanceof MendableError) || error.code !== 'rate-limited') throw error;
      await this.pause.note(around.now(), error);
      return 'paused';
    }
  }

  private async round(lock: HeldLock): Promise<void> {
    const { around: { config, now, log, isListening }, self, queue, records, history } = this;
    let calls = 0;
    const cloudflare = await this.connect(lock, () => { calls += 1; });
    await serveRound({ queue, records, history, cloudflare, lock, scope: config, machine: config.machine, self, now, isListening, log, callCount: () => calls, patience: this.patience });
  }

  private async connect(lock: HeldLock, onCall: () => void): Promise<Cloudflare> {
    const { config, token, fetch, callDeadline, now } = this.around;
    const pausedFor = await this.pause.remaining(now());
    // Of a crowd only the one who leads calls Cloudflare: the others need not load its client.
    const { connectCloudflare } = await import('./cloudflare.ts');
    return connectCloudflare({
      ...config, token, fetch, callDeadline, signal: lock.signal,
      onCall: () => { onCall(); void noteProgress(this.folder, now()); },
      checkPause: () => { if (pausedFor > 0) throw this.pause.error(now(), pausedFor); },
    });
  }

  private get patience(): number { return this.around.config.lockTimeoutSeconds * 1000; }
}
