// Provisioning as one story: queue → lock → read → plan → apply → outcome.
import { openStore, timeoutOf, type ProvisioningContext, type QueueListener, type Store } from './context.ts';
import { FixableError } from './errors.ts';
import { Leader, type LeaderSession } from './leader.ts';
import type { TunnelConfig } from './ingress.ts';
import { ProgressTimeout } from './progress.ts';
import { requestId, type Action, type Outcome } from './queue.ts';
import { waitForBatch, waitForOutcome } from './requestWaiter.ts';
import { Wakeup } from './wakeup.ts';

/**
 * Each process queues its request, then waits for its outcome or takes the lock (`requestWaiter.ts`). The lock holder serves every
 * queued request (`leader.ts`, `round.ts`), so the other processes only find their outcome.
 */
export class Publisher {
  readonly store: Store;
  readonly #context: ProvisioningContext;
  readonly #leader: Leader;

  private constructor(context: ProvisioningContext, store: Store) {
    this.store = store;
    this.#context = context;
    this.#leader = new Leader(context, store);
  }

  /** @throws FixableError `state-unwritable` */
  static async open(context: ProvisioningContext): Promise<Publisher> {
    return new Publisher(context, await openStore(context));
  }

  /**
   * Requests a change and waits for its outcome. `stop` ends the waiting, but never a round.
   * @throws FixableError `busy` after too long without progress, `rate-limited` if the limit outlasts the timeout
   */
  async request(action: Action, listener: QueueListener, stop: AbortSignal): Promise<Outcome> {
    const { now, newId } = this.#context;
    const { queue, folder } = this.store;
    const { id } = await queue.submit(requestId(now(), newId), now(), action);
    try {
      listener.queued();
      const outcome = await waitForOutcome(this.#leader, id, listener, stop);
      await queue.withdraw(id);
      if (action.kind === 'collect') await folder.sweep(now());
      return outcome;
    } catch (error) {
      // A publication that its requester gave up is withdrawn. A removal stays queued: any process may finish it.
      if (action.kind === 'publish' || action.kind === 'collect') await queue.withdraw(id);
      throw error;
    }
  }

  /** Serves the requests that queued while this process held the lock. Errors are reported to their requesters, not to this one. */
  async serveOthers(stop: AbortSignal): Promise<void> {
    const { now } = this.#context;
    if (!this.#leader.hasLed) return;
    const until = now() + timeoutOf(this.#context);
    while (!stop.aborted && now() < until && !(await this.store.queue.isEmpty(now()))) {
      await waitForBatch(this.#leader, stop);
      const round = await this.#leader.tryRound().catch((error: unknown) => {
        if (error instanceof FixableError) return 'busy' as const;
        throw error;
      });
      if (round !== 'served') break; // another process leads, or the rate limit allows no call
    }
    this.store.log.flush();
  }

  /**
   * Replaces the tunnel's configuration by one that was kept. `gc` or the next publication adds the live sites to it again.
   * @param user who asks, for the audit log
   * @returns the new version
   * @throws FixableError `busy`, `backup-unknown`
   */
  async restore(name: string, user: string, stop: AbortSignal): Promise<number> {
    const { now } = this.#context;
    const started = now();
    const { config } = await this.store.history.get(name);
    const timeout = new ProgressTimeout(this.store.folder, timeoutOf(this.#context), started);
    const wakeup = new Wakeup(this.store.folder);
    wakeup.watchLock();
    try {
      for (;;) {
        stop.throwIfAborted();
        const version = await this.#leader.lead((session) => this.#replace(session, config, { name, user, started }));
        if (version !== undefined) return version;
        timeout.check(now());
        await wakeup.next(stop);
      }
    } finally {
      wakeup.close();
    }
  }

  async #replace(
    { lock, cloudflare, callCount }: LeaderSession,
    config: TunnelConfig,
    { name, user, started }: { name: string; user: string; started: number },
  ): Promise<number> {
    const { history } = this.store;
    const before = await cloudflare.readConfiguration();
    const at = new Date(this.#context.now()).toISOString();
    if (before.config) await history.keep(at, before.version, before.config);
    await history.audit({ at, user, what: 'intent', restore: name });
    lock.check();
    const version = await cloudflare.writeConfiguration(config);
    const milliseconds = this.#context.now() - started;
    await history.audit({
      at,
      user,
      what: 'restore',
      outcome: 'restored',
      name,
      version,
      milliseconds,
      apiCalls: callCount(),
    });
    return version;
  }
}
