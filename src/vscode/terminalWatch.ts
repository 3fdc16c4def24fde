// Everything that reads processes. It is loaded right after activation, which thereby does not wait for the parser of shell lines.
import type * as vscode from 'vscode';
import { problemFor } from '../messages/messages.ts';
import { PrintedPaths } from '../relay/basePath.ts';
import { sniffPort } from '../relay/sniffPort.ts';
import { runs, type ShellId } from '../shell/processIds.ts';
import { ReadinessWatcher } from '../window/server/readiness.ts';
import { OfferMemory } from '../window/server/offerMemory.ts';
import { ServerOffers } from '../window/server/offers.ts';
import type { Relays } from '../window/server/relays.ts';
import { notifyProblem, tellOfUnsafeVersions } from './notifications.ts';
import { askToPublish, notifyShown, showServer } from './otherServers.ts';
import { Terminals, type TerminalsOptions } from './terminals.ts';

export interface TerminalWatch {
  dispose(): void;
  /** Scans all terminals once, now. */
  scanAll(): void;
  /** Looks at the server of a port now. */
  lookAt(port: number): void;
  /** Lets the student choose which server the link shows. */
  showServer(): Promise<void>;
  /** The shell of the active terminal, else of the newest one. */
  activeShell(): ShellId | undefined;
  /** Types a line into the terminal of this shell. */
  typeAgain(shell: ShellId, line: string): void;
}

export interface WatchOptions extends Omit<TerminalsOptions, 'printed' | 'onOthers' | 'uid'> {
  readonly relays: Relays;
  readonly context: Pick<vscode.ExtensionContext, 'globalState' | 'extensionPath'>;
}

/** Starts to watch the window's terminals and the servers behind its sites. */
export function startWatching(options: WatchOptions): TerminalWatch {
  const { window, reloadMemory, relays, info, context } = options;
  const uid = process.getuid?.() ?? -1;
  const printed = new PrintedPaths();
  const offers = new ServerOffers({
    state: () => window.state,
    info: () => info.current,
    sniff: sniffPort,
    shownPort: (port) => relays.shownPort(port),
    memory: new OfferMemory(context.globalState),
    isOurs: (program) => program.includes(context.extensionPath),
    ask: askToPublish,
    accept: ({ server, port, sitePort }) => terminals.show(server, port, sitePort),
  });
  const terminals = new Terminals({ ...options, uid, printed, onOthers: (servers) => void offers.seen(servers) });
  const servers = new ReadinessWatcher({
    dispatch: (event) => window.dispatch(event),
    look: (shell) => terminals.scanner.scanShell(shell),
    uid,
    relays,
    pathOf: (port) => printed.of(port),
    onServer: tellOfUnsafeVersions(),
    onMoved: (port, previous) => notifyProblem(problemFor('site-moved', { port, previous })),
    onChosen: (port, publication) => void notifyShown(port, publication),
  });
  const following = window.onDidChange((state) => servers.follow(state));
  void terminals.start();
  reloadMemory.prune(runs);
  return {
    lookAt: (port) => servers.lookNow(port),
    scanAll: () => terminals.scanner.scanAll(),
    showServer: () => showServer(terminals.servers(), offers),
    activeShell: () => terminals.activeShell(),
    typeAgain: (shell, line) => terminals.typeAgain(shell, line),
    dispose: () => {
      following.dispose();
      servers.dispose();
      terminals.dispose();
    },
  };
}
