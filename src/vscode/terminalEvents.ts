// Translates what happens to terminals into looks at their process trees, and what is seen there into events of the window.
import { identify, type ShellId } from '../shell/processIds.ts';
import * as vscode from 'vscode';
import { bursts, type TerminalScanner } from '../shell/terminalScanner.ts';

export interface TerminalEventsOptions {
  readonly looker: TerminalScanner;
  /** A terminal was found, new or restored; it is looked into right after. */
  readonly onOpened: (shell: ShellId) => void;
  /** It was looked into for the first time. */
  readonly onAdded: (shell: ShellId) => Promise<void>;
  /** The student, or the shell itself, closed it. */
  readonly onClosed: (shell: ShellId) => void;
  /** The watched command that a line announces, if any. */
  readonly announced: (line: string) => string | undefined;
  readonly log: (message: string) => void;
}

/** The name of a debug session's processes: those that run without a terminal are children of this extension host. */
const hostId = (): ShellId | undefined => identify(process.pid);

export class TerminalEvents implements vscode.Disposable {
  readonly #shells = new Map<vscode.Terminal, ShellId>();
  readonly #options: TerminalEventsOptions;
  readonly #subscriptions: vscode.Disposable[];
  #debugSessions = 0;

  constructor(options: TerminalEventsOptions) {
    this.#options = options;
    const { looker } = options;
    this.#subscriptions = [
      vscode.window.onDidOpenTerminal((terminal) => void this.#add(terminal)),
      vscode.window.onDidCloseTerminal((terminal) => this.#closed(terminal)),
      vscode.window.onDidStartTerminalShellExecution(
        ({ terminal, execution }) => void this.#started(terminal, execution.commandLine.value),
      ),
      vscode.window.onDidEndTerminalShellExecution(({ terminal }) => this.#look(terminal, bursts.ended)),
      vscode.window.onDidChangeTerminalState((terminal) => this.#look(terminal, bursts.started)),
      vscode.window.onDidChangeActiveTerminal((terminal) => terminal && this.#look(terminal, bursts.moment)),
      vscode.window.onDidChangeWindowState(() => looker.lookAll()),
      vscode.tasks.onDidStartTaskProcess(() => looker.lookAll()),
      vscode.debug.onDidStartDebugSession(() => this.#debugging(1)),
      vscode.debug.onDidTerminateDebugSession(() => this.#debugging(-1)),
    ];
  }

  /** Takes up the terminals that are there already. */
  async start(): Promise<void> {
    await Promise.all(vscode.window.terminals.map((terminal) => this.#add(terminal)));
  }

  /** The shell of the terminal in front; else of any; undefined where the window has none. */
  activeShell(): ShellId | undefined {
    const active = vscode.window.activeTerminal;
    return (active && this.#shells.get(active)) ?? [...this.#shells.values()].at(-1);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #add(terminal: vscode.Terminal): Promise<ShellId | undefined> {
    const known = this.#shells.get(terminal);
    if (known !== undefined) return known;
    const pid = await terminal.processId;
    const shell = pid === undefined ? undefined : identify(pid);
    if (shell === undefined || terminal.exitStatus !== undefined || this.#shells.has(terminal)) return shell;
    this.#shells.set(terminal, shell);
    this.#options.onOpened(shell);
    this.#options.looker.add(shell);
    await this.#options.onAdded(shell);
    return shell;
  }

  #closed(terminal: vscode.Terminal): void {
    const shell = this.#shells.get(terminal);
    // When the window goes, its shells live on: the guardian and the next window see to them.
    if (shell === undefined || terminal.exitStatus?.reason === vscode.TerminalExitReason.Shutdown) return;
    this.#shells.delete(terminal);
    this.#options.looker.remove(shell);
    this.#options.onClosed(shell);
  }

  async #started(terminal: vscode.Terminal, line: string): Promise<void> {
    const command = this.#options.announced(line);
    const shell = await this.#add(terminal);
    if (shell === undefined) return;
    if (command !== undefined) this.#options.log(`"${command}" is announced by: ${line}`);
    const nothing = (): void =>
      this.#options.log(`no process of "${command ?? ''}" came up within a second: nothing is published`);
    this.#options.looker.look(
      shell,
      command === undefined ? bursts.started : bursts.announced,
      command === undefined ? undefined : nothing,
    );
  }

  #look(terminal: vscode.Terminal, delays: readonly number[]): void {
    const shell = this.#shells.get(terminal);
    if (shell !== undefined) this.#options.looker.look(shell, delays);
    else void this.#add(terminal);
  }

  #debugging(change: 1 | -1): void {
    const { looker, onClosed } = this.#options;
    this.#debugSessions += change;
    looker.lookAll();
    const host = hostId();
    if (host === undefined) return;
    if (change > 0) {
      looker.add(host);
      looker.look(host, bursts.started);
    } else if (this.#debugSessions === 0) {
      looker.remove(host);
      onClosed(host);
    }
  }
}
