// Puts together what is known of the window's terminals: what runs in them now, and what they held before a reload.
import type { ShellId } from '../shell/processIds.ts';
import type * as vscode from 'vscode';
import type { ReloadMemory, Memory } from '../window/reloadMemory.ts';
import type { InfoCache } from '../window/cli/info.ts';
import { TerminalScanner } from '../shell/terminalScanner.ts';
import type { Sighting } from '../shell/terminalProcesses.ts';
import { seenCommand } from '../window/seenCommand.ts';
import { TerminalEvents } from './terminalEvents.ts';
import type { Window } from '../window/window.ts';

export interface TerminalsOptions {
  readonly window: Window;
  readonly holds: ReloadMemory;
  readonly info: InfoCache;
  readonly uid: number;
  readonly log: (message: string) => void;
}

export class Terminals implements vscode.Disposable {
  readonly looker: TerminalScanner;
  readonly #watcher: TerminalEvents;
  readonly #memories = new Map<ShellId, readonly Memory[]>();
  readonly #options: TerminalsOptions;
  #findCommand: ((line: string, watched: readonly string[]) => string | undefined) | undefined;

  constructor(options: TerminalsOptions) {
    this.#options = options;
    const { window, holds, info, uid, log } = options;
    this.looker = new TerminalScanner({
      watched: () => info.watched,
      uid,
      onSight: (shell, sightings) => this.#seen(shell, sightings),
    });
    this.#watcher = new TerminalEvents({
      looker: this.looker,
      onOpened: (shell) => void this.#memories.set(shell, holds.read(shell)),
      onAdded: (shell) => this.#restore(shell),
      onClosed: (shell) => window.dispatch({ type: 'closed', shell }),
      announced: (line) => this.#findCommand?.(line, info.watched.commands),
      log,
    });
  }

  activeShell(): ShellId | undefined {
    return this.#watcher.activeShell();
  }

  async start(): Promise<void> {
    // The parser of shell lines is not needed before the first line, so activation does not wait for it.
    this.#findCommand = (await import('../shell/devCommand.ts')).findWatchedCommand;
    await this.#watcher.start();
  }

  dispose(): void {
    this.#watcher.dispose();
    this.looker.dispose();
  }

  #seen(shell: ShellId, sightings: readonly Sighting[]): void {
    const { info, window } = this.#options;
    const memories = this.#memories.get(shell) ?? [];
    window.dispatch({
      type: 'observed',
      shell,
      commands: sightings.map((one) => seenCommand(one, memories, info.watched.portVariable)),
    });
  }

  /** A terminal that came back with its server stopped keeps its link, if it is still there. */
  async #restore(shell: ShellId): Promise<void> {
    const { info, window } = this.#options;
    for (const { port, told, declined } of this.#memories.get(shell) ?? []) {
      if (declined !== undefined || window.state.sites.get(port)?.runs.has(shell)) continue;
      if (await info.isPublished(port)) window.dispatch({ type: 'restored', shell, port, told });
    }
    // A command started from now on is a new wish, told anew.
    this.#memories.delete(shell);
  }
}
