import { MendableError } from './errors.ts';
import { Leader } from './leader.ts';
import { requestId, type Action, type Outcome } from './queue.ts';
import { openStore, timeoutOf, type QueueListener, type Store, type ProvisioningContext } from './context.ts';
import { Turn } from './wakeup.ts';
import { gatherCrowd, Waiting } from './requestWaiter.ts';

/**
 * Provisioning, as one story: queue → lock → read → plan → apply → outcome.
 *
 * Whoever wants a change queues a request, then waits for its outcome, or takes the lock (`requestWaiter.ts`). Whoever gets the lock
 * serves everybody who waits (`leader.ts`, `round.ts`), so the others only find their outcome.
 */
export class Publisher {
  private readonly leader: Leader;

  private constructor(
    private readonly around: ProvisioningContext,
    readonly store: Store,
  ) {
    this.leader = new Leader(around, store);
  }

  /** @throws MendableError `state-unwritable` */
  static async open(around: ProvisioningContext): Promise<Publisher> {
    return new Publisher(around, await openStore(around));
  }

  /**
   * Asks for a change and waits for its outcome, for as long as anything gets on. `stop` ends the waiting, never a round.
   * @throws MendableError `busy` or `rate-limited` when it waited too long
   */
  async request(action: Action, listener: QueueListener, stop: AbortSignal): Promise<Outcome> {
    const { around, store } = this;
    const { id } = await store.queue.submit(requestId(around.now(), around.newId), around.now(), action);
    try {
      listener.queued();
      const outcome = await new Waiting(id, around, store, this.leader, listener, stop).forOutcome();
      await store.queue.withdraw(id);
      if (action.kind === 'collect') await store.folder.sweep(around.now());
      return outcome;
    } catch (error) {
      // To put something up for nobody is wrong; to take something down is right whoever does it.
      if (action.kind === 'publish' || action.kind === 'collect') await store.queue.withdraw(id);
      throw error;
    }
  }

  /** Serves those who are still waiting after our own outcome: they came while we held the lock. What stops us there stops them too, and they are told. */
  async serveOthers(stop: AbortSignal): Promise<void> {
    const { around, store, leader } = this;
    if (!leader.hasLed) return;
    const until = around.now() + timeoutOf(around);
    while (!stop.aborted && around.now() < until && !(await store.queue.isEmpty(around.now()))) {
      await gatherCrowd(around, store, stop);
      const round = await leader
        .tryRound(() => undefined)
        .catch((error: unknown) => {
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
    const {
      around,
      store: { folder, history },
      leader,
    } = this;
    const started = around.now();
    const { config } = await history.get(name);
    const turn = new Turn(folder, '');
    turn.watchLock();
    try {
      for (;;) {
        stop.throwIfAborted();
        const version = await leader.lead(async ({ lock, cloudflare, callCount }) => {
          const before = await cloudflare.readConfiguration();
          const at = new Date(around.now()).toISOString();
          if (before.config) await history.keep(at, before.version, before.config);
          lock.check();
          const written = await cloudflare.writeConfiguration(config);
          await history.audit({
            at,
            user,
            what: 'restore',
            outcome: 'restored',
            name,
            version: written,
            milliseconds: around.now() - started,
            apiCalls: callCount(),
          });
          return written;
        });
        if (version !== undefined) return version;
        if (around.now() > started + timeoutOf(around))
          throw new MendableError('busy', { seconds: Math.round(timeoutOf(around) / 1000) });
        await turn.next(stop);
      }
    } finally {
      turn.close();
    }
  }
}
