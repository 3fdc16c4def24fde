// Decides when to scan the terminals: after events, a few times in short order. There is no polling.
import { drop } from './drops.ts';
import { pidOf, type ShellId } from './processIds.ts';
import { watchOutput } from './ptyActivity.ts';
import { scanTerminal, type Sighting, type Watched } from './terminalProcesses.ts';

/**
 * Milliseconds from an event to each scan. After two seconds without the announced command, the student sees that it is
 * missing.
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
  /** The current shell of a terminal; undefined if it has none yet. VS Code may replace it at any time. */
  readonly currentShell: (terminal: Terminal) => PromiseLike<ShellId | undefined>;
  /** Called when a terminal gets its first shell, or one that replaces `previous`; before that shell is scanned. */
  readonly onShell: (terminal: Terminal, shell: ShellId, previous: ShellId | undefined) => void;
  /** Gets the result of every scan. */
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

  /** @returns the last known shell of the terminal; undefined if none was ever known */
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

  /** The last known shell of a terminal. */
  shellOf(terminal: Terminal): ShellId | undefined {
    return this.#entries.get(terminal)?.shell;
  }

  /** The terminal of a shell. */
  terminalOf(shell: ShellId): Terminal | undefined {
    return [...this.#entries].find(([, entry]) => entry.shell === shell)?.[0];
  }

  /** The last known shell of each terminal, in the order in which the terminals were added. */
  shells(): ShellId[] {
    return [...this.#entries.values()].flatMap(({ shell }) => shell ?? []);
  }

  /** Counts a process of this shell as a watched command for as long as it runs: the student made its server public. */
  know(shell: ShellId, sighting: Sighting): void {
    const entry = [...this.#entries.values()].find((known) => known.shell === shell);
    if (entry) entry.known = [...entry.known.filter(({ process }) => process !== sighting.process), sighting];
  }

  /** The commands that are known to run in each terminal. */
  known(): { readonly shell: ShellId; readonly sightings: readonly Sighting[] }[] {
    return [...this.#entries.values()].flatMap(({ shell, known }) => (shell ? [{ shell, sightings: known }] : []));
  }

  scanAll(): void {
    for (const terminal of [...this.#entries.keys()]) this.scan(terminal, bursts.moment);
  }

  /** Scans the terminal of this shell once, now. */
  scanShell(shell: ShellId): void {
    for (const [terminal, entry] of this.#entries) if (entry.shell === shell) this.scan(terminal, bursts.moment);
  }

  /**
   * Scans at these times after now, in ms. A scan that finds a new command cancels the rest.
   * @param onNotFound called after the last scan, if no command runs then
   */
  scan(terminal: Terminal, delays: readonly number[], onNotFound?: () => void): void {
    const entry = this.#entries.get(terminal);
    if (!entry) return drop('unknownTerminal');
    for (const [index, delay] of delays.entries()) {
      const isLast = index === delays.length - 1;
      const timer = setTimeout(() => {
        entry.timers.delete(timer);
        void this.#scanNow(terminal, entry).then(() => {
          if (isLast && entry.known.length === 0 && this.#entries.get(terminal) === entry) onNotFound?.();
        });
      }, delay);
      timer.unref();
      entry.timers.add(timer);
    }
  }

  /** Asks for the terminal's current shell, and calls `onShell` if it changed. @returns that shell */
  async follow(terminal: Terminal): Promise<ShellId | undefined> {
    const entry = this.#entries.get(terminal);
    if (!entry) {
      drop('unknownTerminal');
      return;
    }
    const shell = await this.#options.currentShell(terminal);
    // A terminal keeps a shell that has ended until another one replaces it.
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

  /** While no command is known to run, output may come from one that starts. */
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
