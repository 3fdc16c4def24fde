// One state, one setter, one event. What the machine asks for is done here, each port's wishes in their order.
import type { ShellId } from '../shell/processIds.ts';
import { exitCodes } from '../messages/exitCodes.ts';
import { problemFor } from '../messages/messages.ts';
import type { CliError, CliEvent, CliOutcome } from './cli/events.ts';
import type { RunOptions } from './cli/run.ts';
import type { Guardian } from './cli/guardian.ts';
import type { Relays } from './server/relays.ts';
import type { Note, Problem, Publication, SiteEvent } from './site/siteState.ts';
import { emptyWindow, windowStep } from './site/windowState.ts';
import type { SiteEffect, WindowState, WindowEffect, WindowEvent } from './site/windowState.ts';

/** Everything outside that a window needs. */
export interface WindowPorts {
  /** Runs the command line tool; never throws. */
  readonly run: (args: readonly string[], options: RunOptions) => Promise<CliOutcome>;
  readonly startGuardian: (holder: string, onLost: (killed: boolean) => void) => Guardian;
  readonly relays: Pick<Relays, 'prepare' | 'giveUp' | 'serve' | 'end'>;
  readonly tellLive: (publication: Publication) => void;
  readonly tellProblem: (problem: Problem, port: number) => void;
  /** Types a line into the terminal of this shell, once its prompt is there. */
  readonly typeAgain: (shell: ShellId, line: string) => void;
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

export class Window {
  #state: WindowState = emptyWindow;
  readonly #listeners = new Set<(state: WindowState) => void>();
  readonly #holdings = new Map<number, Holding>();
  readonly #timers = new Map<number, { cancel(): void }>();
  readonly #queues = new Map<number, Promise<void>>();
  readonly #outside: WindowPorts;

  constructor(outside: WindowPorts) {
    this.#outside = outside;
  }

  get state(): WindowState {
    return this.#state;
  }

  /** Calls back after each change of the state. */
  onDidChange(listener: (state: WindowState) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  /** The one setter: what happened goes through the machine, and what it asks for is begun. */
  dispatch(event: WindowEvent): void {
    const next = windowStep(this.#state, event);
    const changed = next.state !== this.#state;
    this.#state = next.state;
    if (changed) for (const listener of this.#listeners) listener(this.#state);
    for (const effect of next.effects) this.#begin(effect);
  }

  /** Timers end; guardians and leases stay: taking a site down is never this process's last act. */
  dispose(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#listeners.clear();
  }

  #begin(effect: WindowEffect): void {
    if (effect.type === 'typeAgain') this.#outside.typeAgain(effect.shell, effect.line);
    else this.#beginAtSite(effect);
  }

  #beginAtSite(effect: SiteEffect): void {
    const { port } = effect;
    switch (effect.type) {
      case 'publish': {
        this.#inTurn(port, () => this.#publish(port, effect.life, effect.verify));
        return;
      }
      case 'release': {
        this.#inTurn(port, () => this.#release(port, effect.life));
        return;
      }
      case 'unpublish': {
        this.#inTurn(port, () => this.#unpublish(port, effect.lease));
        return;
      }
      case 'abandon': {
        this.#outside.relays.end(port, { later: true });
        this.#forget(effect.life, ({ guardian }) => guardian.leave());
        return;
      }
      case 'retryAt': {
        this.#retryAt(port, effect.life, effect.at);
        return;
      }
      case 'retryIn': {
        this.#retryAt(port, effect.life, this.#outside.now() + effect.seconds * 1000);
        return;
      }
      case 'tellLive': {
        this.#outside.tellLive(effect.publication);
        return;
      }
      case 'tellProblem': {
        this.#outside.tellProblem(effect.problem, port);
        return;
      }
    }
  }

  /** One port's changes never overtake each other. */
  #inTurn(port: number, change: () => Promise<void>): void {
    const turn = (this.#queues.get(port) ?? Promise.resolve())
      .then(change)
      .catch((error: unknown) => this.#outside.log(String(error)));
    this.#queues.set(port, turn);
  }

  #tell(port: number, event: SiteEvent): void {
    this.dispatch({ type: 'site', port, event });
  }

  async #publish(port: number, life: number, verify: boolean): Promise<void> {
    const { holder, guardian } = this.#holdings.get(life) ?? this.#hold(port, life);
    if (guardian.pid === undefined) {
      this.#tell(port, { type: 'refused', life, problem: problemFor('guardian-failed') });
      return;
    }
    this.#timers.get(life)?.cancel();
    const relayed = this.#outside.relays.prepare();
    const args = [
      'publish',
      '-p',
      String(port),
      '--holder',
      holder,
      '--holder-pid',
      String(guardian.pid),
      ...(relayed ? ['--relay'] : []),
      ...(verify ? ['--verify'] : []),
    ];
    const outcome = await this.#outside.run(args, { onEvent: (event) => this.#tellQueued(port, life, event) });
    if (relayed && !(await this.#isServed(outcome))) return this.#publish(port, life, verify);
    if (outcome.event === 'published') {
      this.#tell(port, { type: 'published', life, publication: publicationOf(outcome), created: outcome.created });
      return;
    }
    if (outcome.event !== 'error') {
      this.#outside.log(`publish answered with ${outcome.event}`);
      return;
    }
    const wait = secondsToWait(outcome);
    this.#tell(
      port,
      wait === undefined
        ? {
            type: 'refused',
            life,
            problem: problemOf(outcome),
            ...(outcome.retryAfterSeconds !== undefined && { retryAfterSeconds: outcome.retryAfterSeconds }),
          }
        : { type: 'busy', life, note: { message: outcome.title, until: this.#outside.now() + wait * 1000 } },
    );
  }

  /** Has the publication the relay that it was made for? Otherwise it is made anew, without one. */
  async #isServed(outcome: CliOutcome): Promise<boolean> {
    const { relays } = this.#outside;
    if (outcome.event === 'published') return relays.serve(publicationOf(outcome));
    if (outcome.event !== 'error' || outcome.code !== 'socket-foreign') return true;
    relays.giveUp(outcome.message);
    return false;
  }

  #tellQueued(port: number, life: number, event: CliEvent): void {
    if (event.event !== 'queued' || event.until === undefined) return;
    const until = Date.parse(event.until);
    const note: Note = { message: event.message ?? 'Everybody has to wait', ...(Number.isFinite(until) && { until }) };
    this.#tell(port, { type: 'queued', life, note });
  }

  #hold(port: number, life: number): Holding {
    const holder = `${this.#outside.windowId}-${life}`;
    const guardian = this.#outside.startGuardian(holder, (killed) => this.#guardianEnded(port, life, killed));
    this.#holdings.set(life, { holder, guardian });
    return { holder, guardian };
  }

  /** A guardian that was told to stop has taken the site down itself; one that was killed could not, so another takes its place. */
  #guardianEnded(port: number, life: number, killed: boolean): void {
    if (!this.#holdings.delete(life)) return;
    if (!killed) this.#outside.relays.end(port);
    this.#outside.log(
      killed
        ? `the guardian of port ${port} was killed; another takes its place`
        : `the guardian of port ${port} was stopped`,
    );
    this.#tell(
      port,
      killed ? { type: 'guardianLost', life } : { type: 'withdrawn', problem: problemFor('guardian-stopped') },
    );
  }

  async #release(port: number, life: number): Promise<void> {
    const holding = this.#holdings.get(life);
    if (!holding) return;
    const outcome = await this.#outside.run(['release', '--holder', holding.holder], {});
    this.#outside.relays.end(port, { later: outcome.event !== 'removed' });
    // When it did not work now, the guardian tries once more after its grace; after that, the next run of anybody does.
    this.#forget(life, ({ guardian }) => (outcome.event === 'removed' ? guardian.released() : guardian.leave()));
    this.#outside.log(
      outcome.event === 'removed'
        ? outcome.message
        : `letting go did not work; the next run of anybody finishes it. ${sayOutcome(outcome)}`,
    );
  }

  async #unpublish(port: number, lease: { life: number; publication: Publication }): Promise<void> {
    const outcome = await this.#outside.run(['unpublish', '-p', String(port)], {});
    if (outcome.event === 'error') {
      this.#tell(port, { type: 'notRemoved', lease, problem: problemOf(outcome) });
      return;
    }
    this.#outside.relays.end(port);
    this.#forget(lease.life, ({ guardian }) => guardian.released());
    this.#outside.log(sayOutcome(outcome));
  }

  #forget(life: number, end: (holding: Holding) => void): void {
    const holding = this.#holdings.get(life);
    this.#holdings.delete(life);
    this.#timers.get(life)?.cancel();
    if (holding) end(holding);
  }

  #retryAt(port: number, life: number, time: number): void {
    this.#timers.get(life)?.cancel();
    this.#timers.set(
      life,
      this.#outside.at(time, () => this.#tell(port, { type: 'retry', life })),
    );
  }
}

/** Seconds until a command that was only busy is run again; undefined where it failed. */
function secondsToWait({ exitCode, retryAfterSeconds }: CliError): number | undefined {
  return exitCode === exitCodes.busy ? Math.max(1, retryAfterSeconds ?? 5) : undefined;
}

const publicationOf = ({ hostname, url, port }: Publication): Publication => ({ hostname, url, port });
const problemOf = ({ code, title, message, action }: CliError): Problem => ({ code, title, message, action });
const sayOutcome = (outcome: CliOutcome): string =>
  outcome.event === 'error'
    ? `${outcome.title}. ${outcome.message} ${outcome.action}`
    : 'message' in outcome
      ? outcome.message
      : outcome.event;
