// Combines what runs in the window's terminals now with what the window remembers of them from before a reload.
import * as vscode from 'vscode';
import type { PrintedPaths } from '../relay/basePath.ts';
import { drop } from '../shell/drops.ts';
import { otherServers, serverOf, type OtherServer } from '../shell/otherServers.ts';
import { pidOf, type ProcessId, type ShellId } from '../shell/processIds.ts';
import { workingFolder } from '../shell/processes.ts';
import type { Sighting } from '../shell/terminalProcesses.ts';
import { TerminalScanner } from '../shell/terminalScanner.ts';
import type { InfoCache } from '../window/cli/info.ts';
import type { Memory, ReloadMemory } from '../window/reloadMemory.ts';
import { seenCommand } from '../window/seenCommand.ts';
import type { SeenCommand } from '../window/site/windowState.ts';
import type { Window } from '../window/window.ts';
import { TerminalEvents, currentShell, type ScannedTerminal } from './terminalEvents.ts';

export interface TerminalsOptions {
  readonly window: Window;
  readonly reloadMemory: ReloadMemory;
  readonly info: InfoCache;
  readonly uid: number;
  readonly printed: PrintedPaths;
  /** Gets the servers of a terminal that no watched command started. */
  readonly onOthers: (servers: readonly OtherServer[]) => void;
  readonly log: (message: string) => void;
}

export class Terminals implements vscode.Disposable {
  readonly scanner: TerminalScanner<ScannedTerminal>;
  readonly #events: TerminalEvents;
  /** The memories of shells that have not been scanned since the reload. */
  readonly #memories = new Map<ShellId, readonly Memory[]>();
  readonly #options: TerminalsOptions;
  #findCommand: ((line: string, watched: readonly string[]) => string | undefined) | undefined;

  constructor(options: TerminalsOptions) {
    this.#options = options;
    const { window, reloadMemory, info, uid, printed, log, onOthers } = options;
    this.scanner = new TerminalScanner({
      watched: () => info.watched,
      uid,
      currentShell,
      onShell: (_terminal, shell, previous) => {
        const memories = reloadMemory.read(shell);
        this.#memories.set(shell, memories);
        for (const { port, chosen } of memories) if (chosen) this.scanner.know(shell, sightingOf(chosen, port));
        if (previous === undefined) return drop('firstShell');
        log(`VS Code replaced a terminal's shell ${previous} with ${shell}`);
        const folder = workingFolder(pidOf(shell));
        window.dispatch({ type: 'shellReplaced', shell, previous, folder, at: Date.now() });
      },
      onSight: (shell, sightings) => {
        this.#seen(shell, sightings);
        void this.#restore(shell);
        onOthers(this.#othersOf(shell, sightings));
      },
    });
    this.#events = new TerminalEvents({
      scanner: this.scanner,
      onClosed: (shell) => window.dispatch({ type: 'closed', shell }),
      onLine: (event) => window.dispatch(event),
      onOutput: (output) => void printed.read(output),
      findCommand: (line) => this.#findCommand?.(line, info.watched.commands),
      log,
    });
  }

  activeShell(): ShellId | undefined {
    return this.#events.activeShell();
  }

  /** Shows this server at the site of a port, as if a watched command had started it. */
  show({ shell, process }: OtherServer, shows: number, sitePort: number): void {
    const { window } = this.#options;
    for (const [port, { runs }] of window.state.sites)
      if (port !== sitePort && runs.get(shell)?.process === process)
        window.dispatch({ type: 'site', port, event: { type: 'closed', shell } });
    this.scanner.know(shell, sightingOf({ process, shows }, sitePort));
    window.dispatch({ type: 'site', port: sitePort, event: { type: 'ran', shell, process, shows } });
  }

  /** Every server of this window: those of watched commands, and the others. */
  servers(): OtherServer[] {
    const all = this.scanner
      .known()
      .flatMap(({ shell, sightings }) => [
        ...sightings.flatMap(({ process }) => serverOf(shell, process) ?? []),
        ...this.#othersOf(shell, sightings),
      ]);
    return [...new Map(all.map((server) => [server.process, server])).values()];
  }

  typeAgain(shell: ShellId, line: string): void {
    const terminal = this.scanner.terminalOf(shell);
    if (!terminal || !('sendText' in terminal)) return drop('notTypable');
    this.#options.log(`"${line}" was lost with the terminal's previous shell and is typed again`);
    (terminal as vscode.Terminal).sendText(line);
  }

  async start(): Promise<void> {
    // The parser of shell lines is not needed before the first line, so activation does not wait for it.
    this.#findCommand = (await import('../shell/devCommand.ts')).findWatchedCommand;
    this.#events.start();
  }

  dispose(): void {
    this.#events.dispose();
    this.scanner.dispose();
  }

  #othersOf(shell: ShellId, sightings: readonly Sighting[]): OtherServer[] {
    const known = sightings.map(({ process }) => process);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    return otherServers(shell, known, this.#options.uid).map((server) =>
      server.program === '' ? { ...server, folder } : server,
    );
  }

  #seen(shell: ShellId, sightings: readonly Sighting[]): void {
    const { info, window } = this.#options;
    const knowledge = {
      memories: this.#memories.get(shell) ?? [],
      portVariable: info.watched.portVariable,
      assigned: info.current?.port,
      problem: info.problem,
    };
    const commands: SeenCommand[] = [];
    for (const sighting of sightings) {
      const seen = seenCommand(sighting, knowledge);
      if ('process' in seen) commands.push(seen);
      else window.dispatch({ type: 'doubted', shell, doubt: seen, command: info.watched.commands[0] ?? '' });
    }
    window.dispatch({ type: 'observed', shell, commands });
  }

  /** Keeps the link of a terminal whose server is stopped, if the publication still exists after the reload. */
  async #restore(shell: ShellId): Promise<void> {
    const { info, window } = this.#options;
    const memories = this.#memories.get(shell) ?? [];
    // A command that starts from now on is not one from before the reload: its site is announced.
    this.#memories.delete(shell);
    for (const { port, notified, declined } of memories) {
      const isShown = declined !== undefined || window.state.sites.get(port)?.runs.has(shell);
      if (isShown) drop('restoredAlready');
      else if (await info.isPublished(port)) window.dispatch({ type: 'restored', shell, port, notified });
    }
  }
}

/** A server that the student chose counts as a watched command of the site's port. */
function sightingOf(
  { process, shows }: { readonly process: ProcessId; readonly shows: number },
  port: number,
): Sighting {
  return { process, shows, portText: String(port), terminalHasPort: true, isOwn: true };
}
