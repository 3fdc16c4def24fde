// The leases of this window, which the command publishes and releases: each has a holder's name and a guardian, which
// releases it when this process ends.
import { drop } from '../shell/drops.ts';
import { exitCodes } from '../messages/exitCodes.ts';
import { detailOf, isMessageCode, problemFor } from '../messages/messages.ts';
import { textOf, type Words } from '../messages/texts.ts';
import { problemOf, type CliError, type CliEvent, type CliOutcome } from './cli/events.ts';
import type { Guardian } from './cli/guardian.ts';
import type { RunOptions } from './cli/run.ts';
import type { Relays } from './server/relays.ts';
import type { Lease, Note, Problem, Publication, SiteEvent } from './site/siteState.ts';

/** Everything outside that leases need. */
export interface LeasePorts {
  /** Runs the command line tool; never throws. */
  readonly run: (args: readonly string[], options: RunOptions) => Promise<CliOutcome>;
  readonly startGuardian: (holder: string, onLost: (killed: boolean) => void) => Guardian;
  readonly relays: Pick<
    Relays,
    'prepare' | 'serve' | 'end' | 'socketOf' | 'usesPorts' | 'usePorts' | 'relayPortOf' | 'isPrivate'
  >;
  readonly log: (message: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back once, at a time in ms since 1970, unless cancelled. */
  readonly at: (time: number, callback: () => void) => { cancel(): void };
  /** Names the holders of this window: `window-<uuid>`, new for each extension host. */
  readonly windowId: string;
}

interface Holding {
  readonly holder: string;
  readonly guardian: Guardian;
}

export class Leases {
  readonly #holdings = new Map<number, Holding>();
  readonly #timers = new Map<number, { cancel(): void }>();
  readonly #queues = new Map<number, Promise<void>>();
  readonly #ports: LeasePorts;
  readonly #onEvent: (port: number, event: SiteEvent) => void;

  /** @param onEvent called with whatever happens to the site of a port */
  constructor(ports: LeasePorts, onEvent: (port: number, event: SiteEvent) => void) {
    this.#ports = ports;
    this.#onEvent = onEvent;
  }

  /** Ends the timers. Whatever is held stays held until its guardian releases it. */
  dispose(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  /** @param runPid a process of the server; undefined if none is known */
  publish(port: number, life: number, verify: boolean, runPid?: number): void {
    this.#inTurn(port, async () => {
      try {
        await this.#publish(port, life, verify, runPid);
      } catch (error) {
        this.#onEvent(port, { type: 'refused', life, problem: noAnswer(String(error)) });
        throw error;
      }
    });
  }

  release(port: number, life: number): void {
    this.#inTurn(port, () => this.#release(port, life));
  }

  unpublish(port: number, lease: Lease): void {
    this.#inTurn(port, () => this.#unpublish(port, lease));
  }

  /** Leaves a publish that failed to its guardian: something of it may be public. */
  abandon(port: number, life: number): void {
    this.#ports.relays.end(port, { later: true });
    this.#forget(life, ({ guardian }) => guardian.leave());
  }

  /** @param time in ms since 1970 */
  retryAt(port: number, life: number, time: number): void {
    this.#timers.get(life)?.cancel();
    const timer = this.#ports.at(time, () => this.#onEvent(port, { type: 'retry', life }));
    this.#timers.set(life, timer);
  }

  /** One port's changes never overtake each other. */
  #inTurn(port: number, change: () => Promise<void>): void {
    const turn = (this.#queues.get(port) ?? Promise.resolve())
      .then(change)
      .catch((error: unknown) => this.#ports.log(String(error)));
    this.#queues.set(port, turn);
  }

  async #publish(port: number, life: number, verify: boolean, runPid?: number): Promise<void> {
    const { holder, guardian } = this.#holdings.get(life) ?? this.#hold(port, life);
    if (guardian.pid === undefined) {
      this.#onEvent(port, { type: 'refused', life, problem: problemFor('guardian-failed') });
      return;
    }
    this.#timers.get(life)?.cancel();
    const relayed = this.#ports.relays.prepare();
    const words = ['publish', '-p', String(port), '--holder', holder, '--holder-pid', String(guardian.pid)];
    const relayPort = relayed ? await this.#relayPort(port) : undefined;
    const moreWords = [
      ...(runPid === undefined ? [] : ['--run-pid', String(runPid)]),
      ...(relayed ? ['--relay'] : []),
      ...(relayed && this.#ports.relays.isPrivate ? ['--private'] : []),
      ...(relayPort === undefined ? [] : ['--relay-port', String(relayPort)]),
    ];
    const outcome = await this.#ports.run([...words, ...moreWords, ...(verify ? ['--verify'] : [])], {
      onEvent: (event) => {
        if (event.event === 'saved' && relayed) void this.#ports.relays.serve(publicationOf(event));
        else this.#queued(port, life, event);
      },
    });
    if (relayed && outcome.event === 'published' && !(await this.#ports.relays.serve(publicationOf(outcome)))) {
      const problem = problemFor('relay-failed', { problem: textOf('the log of this window says why') });
      this.#onEvent(port, { type: 'refused', life, problem });
      return;
    }
    if (relayPort === undefined && (await this.#needsPort(port, outcome)))
      return this.#publish(port, life, false, runPid);
    this.#onEvent(port, this.#eventOf(life, outcome));
  }

  #eventOf(life: number, outcome: CliOutcome): SiteEvent {
    if (outcome.event === 'published') {
      return { type: 'published', life, publication: publicationOf(outcome), created: outcome.created };
    }
    if (outcome.event !== 'error') {
      return {
        type: 'refused',
        life,
        problem: noAnswer(textOf('publish answered with {event}', { event: outcome.event })),
      };
    }
    const { retryAfterSeconds, title } = outcome;
    const wait = secondsToWait(outcome);
    if (wait !== undefined)
      return { type: 'busy', life, note: { message: textOf(title), until: this.#ports.now() + wait * 1000 } };
    const problem = problemOf(outcome);
    return { type: 'refused', life, problem, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  }

  /** The port of the relay where the class uses ports. The relay listens before the rule leads to it, so that it can be checked. */
  async #relayPort(port: number): Promise<number | undefined> {
    const { relays, run } = this.#ports;
    if (!relays.usesPorts) {
      drop('noRelayPorts');
      return;
    }
    if (relays.socketOf(port) === undefined) {
      const info = await run(['info', '-p', String(port)], {});
      if (info.event === 'info' && info.hostname !== null && info.url !== null)
        await relays.serve({ hostname: info.hostname, url: info.url, port }, false);
    }
    return relays.relayPortOf(port);
  }

  /** Whether the connector carries no WebSocket to the relay's socket, and the relay has a port now. */
  async #needsPort(port: number, outcome: CliOutcome): Promise<boolean> {
    if (outcome.event !== 'published' || !outcome.needsRelayPort) return false;
    this.#ports.relays.usePorts();
    return (await this.#ports.relays.relayPortOf(port)) !== undefined;
  }

  #queued(port: number, life: number, event: CliEvent): void {
    if (event.event !== 'queued' || event.until === undefined) return drop('noUntil');
    const until = Date.parse(event.until);
    const { code = '', facts, message = textOf('Waiting for Cloudflare') } = event;
    const words = isMessageCode(code) && facts ? detailOf(code, facts) : message;
    const note: Note = { message: words, ...(Number.isFinite(until) && { until }) };
    this.#onEvent(port, { type: 'queued', life, note });
  }

  #hold(port: number, life: number): Holding {
    const holder = `${this.#ports.windowId}-${life}`;
    const guardian = this.#ports.startGuardian(holder, (killed) => this.#guardianEnded(port, life, killed));
    this.#holdings.set(life, { holder, guardian });
    return { holder, guardian };
  }

  /** A guardian that was stopped has released its lease; one that was killed could not, and gets a successor. */
  #guardianEnded(port: number, life: number, killed: boolean): void {
    const { log, relays } = this.#ports;
    if (!this.#holdings.delete(life)) return log(`the guardian of port ${port} ended after its lease`);
    log(`the guardian of port ${port} was ${killed ? 'killed: another one takes its place' : 'stopped'}`);
    if (killed) return this.#onEvent(port, { type: 'guardianLost', life });
    relays.end(port);
    this.#onEvent(port, { type: 'withdrawn', problem: problemFor('guardian-stopped') });
  }

  async #release(port: number, life: number): Promise<void> {
    const { log, relays, run } = this.#ports;
    const holding = this.#holdings.get(life);
    if (!holding) {
      log(`port ${port}: nothing is held any more that could be released`);
      return;
    }
    const outcome = await run(['release', '--holder', holding.holder], {});
    const isReleased = outcome.event === 'removed';
    relays.end(port, { later: !isReleased });
    // If it failed now, the guardian tries once more after its grace; after that, the next round of any process does.
    this.#forget(life, ({ guardian }) => (isReleased ? guardian.released() : guardian.leave()));
    log(
      isReleased
        ? outcome.message
        : `releasing failed; the next change of any student completes it. ${describe(outcome)}`,
    );
  }

  async #unpublish(port: number, lease: Lease): Promise<void> {
    const outcome = await this.#ports.run(['unpublish', '-p', String(port)], {});
    if (outcome.event === 'error') {
      this.#onEvent(port, { type: 'notRemoved', lease, problem: problemOf(outcome) });
      return;
    }
    this.#ports.relays.end(port);
    this.#forget(lease.life, ({ guardian }) => guardian.released());
    this.#ports.log(describe(outcome));
  }

  #forget(life: number, end: (holding: Holding) => void): void {
    const holding = this.#holdings.get(life);
    this.#holdings.delete(life);
    this.#timers.get(life)?.cancel();
    if (holding) end(holding);
  }
}

/** Seconds until a command that was only busy is run again; undefined where it failed. */
function secondsToWait({ exitCode, retryAfterSeconds }: CliError): number | undefined {
  return exitCode === exitCodes.busy ? Math.max(1, retryAfterSeconds ?? 5) : undefined;
}

const noAnswer = (problem: Words): Problem => problemFor('no-answer', { file: 'classroom-tunnel', problem });
const publicationOf = ({ hostname, url, port }: Publication): Publication => ({ hostname, url, port });

function describe(outcome: CliOutcome): string {
  if (outcome.event === 'error') return `${outcome.title}. ${outcome.message} ${outcome.action}`;
  return 'message' in outcome ? outcome.message : outcome.event;
}
