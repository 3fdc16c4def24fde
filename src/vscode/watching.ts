// Everything that looks at processes, loaded right after activation: reading shell lines needs a parser, and nobody waits for it.
import { DevServerWatcher } from './devServerWatcher.ts';
import { bursts } from './looker.ts';
import { runs } from './observe.ts';
import type { Relays } from './relays.ts';
import { Terminals, type TerminalsOptions } from './terminals.ts';
import type { ShellId } from './site.ts';

export interface Watching {
  dispose(): void;
  /** Looks into all terminals, once, now. */
  lookAll(): void;
  /** The shell of the terminal in front. */
  activeShell(): ShellId | undefined;
}

/** From now on the window's terminals, and the servers behind its sites, are watched. */
export function startWatching(options: TerminalsOptions & { readonly relays: Relays }): Watching {
  const { window, holds, uid, relays } = options;
  const terminals = new Terminals(options);
  const servers = new DevServerWatcher({
    dispatch: (event) => window.dispatch(event),
    look: (shell) => terminals.looker.look(shell, bursts.moment),
    uid, relays,
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
