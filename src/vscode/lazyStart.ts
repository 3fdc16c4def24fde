// Everything that looks at processes, loaded right after activation: reading shell lines needs a parser, and nobody waits for it.
import { runs, type ShellId } from '../shell/processIds.ts';
import { ReadinessWatcher } from '../window/server/readiness.ts';
import { bursts } from '../shell/terminalScanner.ts';
import type { Relays } from '../window/server/relays.ts';
import { Terminals, type TerminalsOptions } from './terminals.ts';

export interface TerminalWatch {
  dispose(): void;
  /** Looks into all terminals, once, now. */
  lookAll(): void;
  /** The shell of the terminal in front. */
  activeShell(): ShellId | undefined;
}

/** From now on the window's terminals, and the servers behind its sites, are watched. */
export function startWatching(options: TerminalsOptions & { readonly relays: Relays }): TerminalWatch {
  const { window, holds, uid, relays } = options;
  const terminals = new Terminals(options);
  const servers = new ReadinessWatcher({
    dispatch: (event) => window.dispatch(event),
    look: (shell) => terminals.looker.look(shell, bursts.moment),
    uid,
    relays,
  });
  const following = window.onDidChange((state) => servers.follow(state));
  void terminals.start();
  holds.prune(runs);
  return {
    lookAll: () => terminals.looker.lookAll(),
    activeShell: () => terminals.activeShell(),
    dispose: () => {
      following.dispose();
      servers.dispose();
      terminals.dispose();
    },
  };
}
