// Everything that reads processes. It is loaded right after activation, which thereby does not wait for the parser of shell lines.
import { problemFor } from '../messages/messages.ts';
import { PrintedPaths } from '../relay/basePath.ts';
import { runs, type ShellId } from '../shell/processIds.ts';
import { ReadinessWatcher } from '../window/server/readiness.ts';
import type { Relays } from '../window/server/relays.ts';
import { notifyProblem, tellOfUnsafeVersions } from './notifications.ts';
import { Terminals, type TerminalsOptions } from './terminals.ts';

export interface TerminalWatch {
  dispose(): void;
  /** Scans all terminals once, now. */
  scanAll(): void;
  /** Looks at the server of a port now. */
  lookAt(port: number): void;
  /** The shell of the active terminal, else of the newest one. */
  activeShell(): ShellId | undefined;
  /** Types a line into the terminal of this shell. */
  typeAgain(shell: ShellId, line: string): void;
}

/** Starts to watch the window's terminals and the servers behind its sites. */
export function startWatching(options: Omit<TerminalsOptions, 'printed'> & { readonly relays: Relays }): TerminalWatch {
  const { window, reloadMemory, uid, relays } = options;
  const printed = new PrintedPaths();
  const terminals = new Terminals({ ...options, printed });
  const servers = new ReadinessWatcher({
    dispatch: (event) => window.dispatch(event),
    look: (shell) => terminals.scanner.scanShell(shell),
    uid,
    relays,
    pathOf: (port) => printed.of(port),
    onServer: tellOfUnsafeVersions(),
    onMoved: (port, previous) => notifyProblem(problemFor('site-moved', { port, previous })),
  });
  const following = window.onDidChange((state) => servers.follow(state));
  void terminals.start();
  reloadMemory.prune(runs);
  return {
    lookAt: (port) => servers.lookNow(port),
    scanAll: () => terminals.scanner.scanAll(),
    activeShell: () => terminals.activeShell(),
    typeAgain: (shell, line) => terminals.typeAgain(shell, line),
    dispose: () => {
      following.dispose();
      servers.dispose();
      terminals.dispose();
    },
  };
}
