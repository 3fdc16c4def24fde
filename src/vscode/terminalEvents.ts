// Translates VS Code's events about terminals into scans of their processes. VS Code may replace a terminal's shell at any
// time without an event (when an extension's variables arrive, or on "Relaunch Terminal"), so each scan asks for the shell.
import * as vscode from 'vscode';
import { drop } from '../shell/drops.ts';
import { identify, pidOf, type ShellId } from '../shell/processIds.ts';
import { workingFolder } from '../shell/processes.ts';
import { bursts, type TerminalScanner } from '../shell/terminalScanner.ts';
import type { AnnouncementEvent } from '../window/site/announcements.ts';
import { watchExtensionServers } from './extensionServers.ts';

/** A terminal, or this extension host, whose children are the debug sessions without a terminal and what extensions start. */
export type ScannedTerminal = Pick<vscode.Terminal, 'processId'>;

export interface TerminalEventsOptions {
  readonly scanner: TerminalScanner<ScannedTerminal>;
  /** The student closed the terminal, or its shell ended. */
  readonly onClosed: (shell: ShellId) => void;
  readonly onLine: (event: AnnouncementEvent) => void;
  /** The watched command that a line runs, if any. */
  readonly findCommand: (line: string) => string | undefined;
  /** Gets the output of each command that was typed. */
  readonly onOutput: (output: AsyncIterable<string>) => void;
  readonly log: (message: string) => void;
}

const extensionHost: ScannedTerminal = { processId: Promise.resolve(process.pid) };

/** Output of a debugged program is followed by one scan after this time. Milliseconds. */
const afterOutput = 500;

/** The current shell of a terminal. */
export async function currentShell(terminal: ScannedTerminal): Promise<ShellId | undefined> {
  const pid = await terminal.processId;
  return pid === undefined ? undefined : identify(pid);
}

export class TerminalEvents implements vscode.Disposable {
  readonly #options: TerminalEventsOptions;
  readonly #subscriptions: vscode.Disposable[];
  /** The number of lines that were entered in a terminal. A result for an earlier line is dropped. */
  readonly #lines = new WeakMap<vscode.Terminal, number>();
  #debugSessions = 0;
  /** An extension has started something in the extension host. */
  #hostServes = false;
  #outputTimer: NodeJS.Timeout | undefined;

  constructor(options: TerminalEventsOptions) {
    this.#options = options;
    const { scanner, onOutput } = options;
    const scan = (terminal: vscode.Terminal, delays: readonly number[]): void => {
      scanner.add(terminal);
      scanner.scan(terminal, delays);
    };
    this.#subscriptions = [
      vscode.window.onDidOpenTerminal((terminal) => scanner.add(terminal)),
      vscode.window.onDidCloseTerminal((terminal) => this.#closed(terminal)),
      vscode.window.onDidStartTerminalShellExecution(({ terminal, execution }) => {
        onOutput(execution.read());
        void this.#lineStarted(terminal, execution);
      }),
      vscode.window.onDidEndTerminalShellExecution(({ terminal, exitCode }) => this.#lineEnded(terminal, exitCode)),
      vscode.window.onDidChangeTerminalShellIntegration(({ terminal }) => scan(terminal, bursts.started)),
      vscode.window.onDidChangeTerminalState((terminal) => scan(terminal, bursts.started)),
      vscode.window.onDidChangeActiveTerminal((terminal) => terminal && scan(terminal, bursts.moment)),
      vscode.window.onDidChangeWindowState(() => scanner.scanAll()),
      vscode.tasks.onDidStartTaskProcess(() => scanner.scanAll()),
      vscode.debug.onDidStartDebugSession(() => this.#debugging(1)),
      vscode.debug.onDidTerminateDebugSession(() => this.#debugging(-1)),
      vscode.debug.registerDebugAdapterTrackerFactory('*', {
        createDebugAdapterTracker: () => ({ onDidSendMessage: (message) => this.#debugged(message) }),
      }),
      watchExtensionServers(() => {
        this.#hostServes = true;
        scanner.add(extensionHost);
        scanner.scan(extensionHost, bursts.moment);
      }),
    ];
  }

  /** Scans the terminals that exist already. */
  start(): void {
    for (const terminal of vscode.window.terminals) this.#options.scanner.add(terminal);
  }

  /** The shell of the active terminal, else of the newest one; undefined if the window has none. */
  activeShell(): ShellId | undefined {
    const { scanner } = this.#options;
    const active = vscode.window.activeTerminal;
    return (active && scanner.shellOf(active)) ?? scanner.shells().at(-1);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    clearTimeout(this.#outputTimer);
  }

  #closed(terminal: vscode.Terminal): void {
    // When the window closes, its shells live on: the guardian and the next window take care of their sites.
    if (terminal.exitStatus?.reason === vscode.TerminalExitReason.Shutdown) return drop('windowCloses');
    const shell = this.#options.scanner.remove(terminal);
    if (shell === undefined) return drop('unknownTerminal');
    this.#options.onClosed(shell);
  }

  async #lineStarted(
    terminal: vscode.Terminal,
    { commandLine: { value: line }, cwd }: vscode.TerminalShellExecution,
  ): Promise<void> {
    const { scanner, findCommand, onLine, log } = this.#options;
    const command = findCommand(line);
    const count = (this.#lines.get(terminal) ?? 0) + 1;
    this.#lines.set(terminal, count);
    scanner.add(terminal);
    const shell = await scanner.follow(terminal);
    if (shell === undefined) {
      log(`a terminal without a process ran a line: ${line}`);
      drop('noProcess');
      return;
    }
    // VS Code may have ended the shell already.
    const folder = workingFolder(pidOf(shell)) ?? cwd?.fsPath;
    onLine({
      type: 'lineStarted',
      shell,
      line,
      at: Date.now(),
      ...(command !== undefined && { command }),
      ...(folder !== undefined && { folder }),
    });
    if (command === undefined) {
      scanner.scan(terminal, bursts.started);
      return;
    }
    log(`"${command}" was typed: ${line}`);
    scanner.scan(terminal, bursts.announced, () => {
      if (this.#lines.get(terminal) !== count) return drop('laterLine');
      log(`no process of "${command}" was found within two seconds`);
      onLine({ type: 'doubted', shell, doubt: { kind: 'notSeen' } });
    });
  }

  #lineEnded(terminal: vscode.Terminal, exitCode: number | undefined): void {
    const { scanner, onLine } = this.#options;
    const shell = scanner.shellOf(terminal);
    if (shell === undefined) return drop('unknownTerminal');
    // A background command outlives its line, so scan first.
    const count = this.#lines.get(terminal);
    scanner.scan(terminal, bursts.ended, () => {
      if (this.#lines.get(terminal) !== count) return drop('laterLine');
      onLine({ type: 'lineEnded', shell, exitCode });
    });
  }

  #debugging(change: 1 | -1): void {
    const { scanner, onClosed } = this.#options;
    this.#debugSessions += change;
    scanner.scanAll();
    if (this.#debugSessions > 0) {
      scanner.add(extensionHost);
      scanner.scan(extensionHost, bursts.started);
    } else if (!this.#hostServes) {
      const host = scanner.remove(extensionHost);
      if (host !== undefined) onClosed(host);
    }
  }

  /** A program that is debugged without a terminal may listen when it has written something. */
  #debugged(message: unknown): void {
    const { type, event } = message as { readonly type?: unknown; readonly event?: unknown };
    if (type !== 'event' || event !== 'output') return drop('notOutput');
    if (this.#outputTimer) return drop('scannedSoon');
    this.#outputTimer = setTimeout(() => {
      this.#outputTimer = undefined;
      this.#options.scanner.scan(extensionHost, bursts.moment);
    }, afterOutput);
  }
}
