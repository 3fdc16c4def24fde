// Decides when to scan the terminals: at the moments that events give, and a few times shortly after each. Nothing polls.
import { drop } from './drops.ts';
import { pidOf, type ShellId } from './processIds.ts';
import { watchOutput } from './ptyActivity.ts';
import { scanTerminal, type Sighting, type Watched } from './terminalProcesses.ts';

/**
 * When to scan after an event, in ms. A command that was announced has two seconds until the student is told that it
 * is missing.
 */
export const bursts = {
  announced: [0, 20, 50, 100, 150, 200, 300, 400, 500, 650, 800, 1000, 1250, 1600, 2000],
  started: [0, 100, 300, 700, 1500, 3000],
  ended: [0, 50, 200, 600],
  moment: [0],
} as const satisfies Record<string, readonly number[]>;

export interface TerminalScannerOptions<Terminal> {
  readonly watched: () => Watched;
  /** Only this user's processes count as commands. */
  readonly uid: number;
  /** The shell that a terminal has now, as long as it is known. VS Code may give a terminal another one at any time. */
  readonly currentShell: (terminal: Terminal) => PromiseLike<ShellId | undefined>;
  /** A terminal has its first shell, or another one in place of `previous`. Called before that shell is scanned. */
  readonly onShell: (terminal: Terminal, shell: ShellId, previous: ShellId | undefined) => void;
  /** The result of every scan. */
  readonly onSight: (shell: ShellId, sightings: readonly Sighting[]) => void;
}

interface Entry {
  shell: ShellId | undefined;
  known: Sighting[];
  readonly timers: Set<NodeJS.Timeout>;
  output: { dispose(): void } | undefined;
}

export class TerminalScanner<Terminal extends object> {
  readonly #entries = new Map<Terminal, Entry>();
  readonly #options: TerminalScannerOptions<Terminal>;

  constructor(options: TerminalScannerOptions<Terminal>) {
    this.#options = options;
  }

  /** Scans this terminal from now on, until `remove`. */
  add(terminal: Terminal): void {
    if (this.#entries.has(terminal)) return drop('knownTerminal');
    this.#entries.set(terminal, { shell: undefined, known: [], timers: new Set(), output: undefined });
    this.scan(terminal, bursts.started);
  }

  /** @returns the shell that the terminal had last; undefined where none was ever known */
  remove(terminal: Terminal): ShellId | undefined {
    const entry = this.#entries.get(terminal);
    if (!entry) {
      drop('unknownTerminal');
      return;
    }
    this.#entries.delete(terminal);
    entry.output?.dispose();
    clearTimers(entry);
    return entry.shell;
  }

  dispose(): void {
    for (const terminal of [...this.#entries.keys()]) this.remove(terminal);
  }

  /** The shell that was seen last in a terminal. */
  shellOf(terminal: Terminal): ShellId | undefined {
    return this.#entries.get(terminal)?.shell;
  }

  /** The terminal of a shell. */
  terminalOf(shell: ShellId): Terminal | undefined {
    return [...this.#entries].find(([, entry]) => entry.shell === shell)?.[0];
  }

  /** Every shell that was seen last in a terminal, in the order in which the terminals were added. */
  shells(): ShellId[] {
    return [...this.#entries.values()].flatMap(({ shell }) => shell ?? []);
  }

  scanAll(): void {
    for (const terminal of [...this.#entries.keys()]) this.scan(terminal, bursts.moment);
  }

  /** Scans the terminal of this shell, once, now. */
  scanShell(shell: ShellId): void {
    for (const [terminal, entry] of this.#entries) if (entry.shell === shell) this.scan(terminal, bursts.moment);
  }

  /**
   * Scans at these times after now, in ms. A scan that sees a new command cancels those that are left.
   * @param onNothing called after the last scan, if no command runs then
   */
  scan(terminal: Terminal, delays: readonly number[], onNothing?: () => void): void {
    const entry = this.#entries.get(terminal);
    if (!entry) return drop('unknownTerminal');
    for (const [index, delay] of delays.entries()) {
      const isLast = index === delays.length - 1;
      const timer = setTimeout(() => {
        entry.timers.delete(timer);
        void this.#scanNow(terminal, entry).then(() => {
          if (isLast && entry.known.length === 0 && this.#entries.get(terminal) === entry) onNothing?.();
        });
      }, delay);
      timer.unref();
      entry.timers.add(timer);
    }
  }

  /** Asks for the terminal's shell, and tells if it is another one. @returns that shell */
  async follow(terminal: Terminal): Promise<ShellId | undefined> {
    const entry = this.#entries.get(terminal);
    if (!entry) {
      drop('unknownTerminal');
      return;
    }
    const shell = await this.#options.currentShell(terminal);
    // A shell that has ended keeps its terminal until another one takes its place.
    if (this.#entries.get(terminal) !== entry) {
      drop('terminalRemoved');
      return;
    }
    if (shell === undefined || shell === entry.shell) return entry.shell;
    const previous = entry.shell;
    entry.output?.dispose();
    Object.assign(entry, { shell, known: [], output: undefined });
    this.#options.onShell(terminal, shell, previous);
    return shell;
  }

  async #scanNow(terminal: Terminal, entry: Entry): Promise<void> {
    const shell = await this.follow(terminal);
    if (shell === undefined) {
      drop('noShellYet');
      return;
    }
    const before = new Set(entry.known.map(({ process }) => process));
    entry.known = scanTerminal(shell, this.#options.watched(), entry.known, this.#options.uid);
    if (entry.known.some(({ process }) => !before.has(process))) clearTimers(entry);
    this.#watchOutput(terminal, entry, shell);
    this.#options.onSight(shell, entry.known);
  }

  /** While no command is known to run, anything that the terminal writes may come from one that starts. */
  #watchOutput(terminal: Terminal, entry: Entry, shell: ShellId): void {
    if (entry.known.length > 0) {
      entry.output?.dispose();
      entry.output = undefined;
    } else {
      entry.output ??= watchOutput(pidOf(shell), () => void this.#scanNow(terminal, entry));
    }
  }
}

function clearTimers({ timers }: Entry): void {
  for (const timer of timers) clearTimeout(timer);
  timers.clear();
}
