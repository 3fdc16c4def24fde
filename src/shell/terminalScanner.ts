// When to look into the terminals: at the moments that events give, and a few times shortly after each. Nothing polls.
import { pidOf, type ShellId } from './processIds.ts';
import { observe, type Sighting, type Watched } from './terminalProcesses.ts';
import { watchOutput } from './ptyActivity.ts';

/** How soon after an event to look again, in ms after it. A process starts after its event; within a second it is there. */
export const bursts = {
  announced: [0, 20, 50, 100, 150, 200, 300, 400, 500, 650, 800, 1000],
  started: [0, 100, 300, 700, 1500, 3000],
  ended: [0, 50, 200, 600],
  moment: [0],
} as const satisfies Record<string, readonly number[]>;

interface Watching {
  known: Sighting[];
  timers: Set<NodeJS.Timeout>;
  output: { dispose(): void } | undefined;
}

export interface TerminalScannerOptions {
  readonly watched: () => Watched;
  readonly uid: number;
  /** All watched commands that run in a terminal, whenever that may have changed. */
  readonly onSight: (shell: ShellId, sightings: readonly Sighting[]) => void;
}

export class TerminalScanner {
  readonly #shells = new Map<ShellId, Watching>();
  readonly #options: TerminalScannerOptions;

  constructor(options: TerminalScannerOptions) {
    this.#options = options;
  }

  /** From now on the terminal is looked into. */
  add(shell: ShellId): void {
    if (this.#shells.has(shell)) return;
    this.#shells.set(shell, { known: [], timers: new Set(), output: undefined });
    this.look(shell, bursts.started);
  }

  remove(shell: ShellId): void {
    const watching = this.#shells.get(shell);
    if (!watching) return;
    this.#shells.delete(shell);
    watching.output?.dispose();
    this.#clear(watching);
  }

  dispose(): void {
    for (const shell of [...this.#shells.keys()]) this.remove(shell);
  }

  /** Looks into all terminals, once, now. */
  lookAll(): void {
    for (const shell of [...this.#shells.keys()]) this.look(shell, bursts.moment);
  }

  /** Looks at these times after now; the rest is dropped as soon as something new is seen. */
  look(shell: ShellId, delays: readonly number[], onNothing?: () => void): void {
    const watching = this.#shells.get(shell);
    if (!watching) return;
    for (const [index, delay] of delays.entries()) {
      if (delay === 0) {
        if (this.#lookNow(shell, watching)) return;
        continue;
      }
      const timer = setTimeout(() => {
        watching.timers.delete(timer);
        this.#lookNow(shell, watching);
        if (index === delays.length - 1 && watching.known.length === 0) onNothing?.();
      }, delay);
      timer.unref();
      watching.timers.add(timer);
    }
  }

  /** @returns whether a command is there that was not there before */
  #lookNow(shell: ShellId, watching: Watching): boolean {
    const before = new Set(watching.known.map(({ process }) => process));
    watching.known = observe(shell, this.#options.watched(), watching.known, this.#options.uid);
    const isNew = watching.known.some(({ process }) => !before.has(process));
    if (isNew) this.#clear(watching);
    this.#watchOutput(shell, watching);
    this.#options.onSight(shell, watching.known);
    return isNew;
  }

  /** While no command is known to run, whatever the terminal writes may be one that starts. */
  #watchOutput(shell: ShellId, watching: Watching): void {
    if (watching.known.length > 0) {
      watching.output?.dispose();
      watching.output = undefined;
    } else {
      watching.output ??= watchOutput(pidOf(shell), () => void this.#lookNow(shell, watching));
    }
  }

  #clear(watching: Watching): void {
    for (const timer of watching.timers) clearTimeout(timer);
    watching.timers.clear();
  }
}
