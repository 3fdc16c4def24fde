// One state, one setter, one event. What the state asks for is begun here.
import { parseId, type ShellId } from '../shell/processIds.ts';
import { Leases, type LeasePorts } from './leases.ts';
import type { Problem, Publication } from './site/siteState.ts';
import { emptyWindow, windowStep } from './site/windowState.ts';
import type { SiteEffect, WindowEffect, WindowEvent, WindowState } from './site/windowState.ts';

/** Everything outside that a window needs. */
export interface WindowPorts extends LeasePorts {
  readonly notifyLive: (publication: Publication) => void;
  readonly notifyProblem: (problem: Problem, port: number) => void;
  /** Types a line into the terminal of this shell. */
  readonly typeAgain: (shell: ShellId, line: string) => void;
}

export class Window {
  #state: WindowState = emptyWindow;
  readonly #listeners = new Set<(state: WindowState) => void>();
  readonly #ports: WindowPorts;
  readonly #leases: Leases;

  constructor(ports: WindowPorts) {
    this.#ports = ports;
    this.#leases = new Leases(ports, (port, event) => this.dispatch({ type: 'site', port, event }));
  }

  get state(): WindowState {
    return this.#state;
  }

  /** Calls back after each change of the state. */
  onDidChange(listener: (state: WindowState) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  /** The one setter: an event goes through the state machine, and the effects that it asks for are begun. */
  dispatch(event: WindowEvent): void {
    const next = windowStep(this.#state, event);
    const changed = next.state !== this.#state;
    this.#state = next.state;
    if (changed) for (const listener of this.#listeners) listener(this.#state);
    for (const effect of next.effects) this.#begin(effect);
  }

  /** Ends the timers. Guardians and leases stay: a process that is going away takes no site down. */
  dispose(): void {
    this.#leases.dispose();
    this.#listeners.clear();
  }

  #begin(effect: WindowEffect): void {
    if (effect.type === 'typeAgain') this.#ports.typeAgain(effect.shell, effect.line);
    else this.#beginAtSite(effect);
  }

  /** Of several commands that run, the oldest: a server that a teacher stopped must end before another is published. */
  #runPidOf(port: number): number | undefined {
    const runs = [...(this.#state.sites.get(port)?.runs.values() ?? [])];
    const processes = runs.flatMap(({ process, running }) => (running && process !== undefined ? [process] : []));
    const [oldest] = processes.map(parseId).sort((a, b) => a.startTime - b.startTime);
    return oldest?.pid;
  }

  #beginAtSite(effect: SiteEffect): void {
    const { port } = effect;
    switch (effect.type) {
      case 'publish':
        return this.#leases.publish(port, effect.life, effect.verify, this.#runPidOf(port));
      case 'release':
        return this.#leases.release(port, effect.life);
      case 'unpublish':
        return this.#leases.unpublish(port, effect.lease);
      case 'abandon':
        return this.#leases.abandon(port, effect.life);
      case 'retryAt':
        return this.#leases.retryAt(port, effect.life, effect.at);
      case 'retryIn':
        return this.#leases.retryAt(port, effect.life, this.#ports.now() + effect.seconds * 1000);
      case 'notifyLive':
        return this.#ports.notifyLive(effect.publication);
      case 'notifyProblem':
        return this.#ports.notifyProblem(effect.problem, port);
    }
  }
}
