// Scans a terminal's process tree in /proc. terminalScanner.ts decides when.
import { findDevServer } from './devServer.ts';
import { idOf, parseId, runs } from './processIds.ts';
import { descendants, portSeenBy } from './processes.ts';
import { multiplexerServers } from './multiplexers.ts';
import type { ProcessId, ShellId } from './processIds.ts';

/** The commands to search for. */
export interface Watched {
  readonly commands: readonly string[];
  readonly portVariable: string;
}

/** A running watched command, with the unchecked text of its port variable. */
export interface Sighting {
  readonly process: ProcessId;
  readonly portText: string | undefined;
  /** Whether the terminal itself was started with a port variable. */
  readonly terminalHasPort: boolean;
  /** Whether it runs under the student's account. */
  readonly isOwn: boolean;
  /** The port of its server, if the student chose that server to be shown. */
  readonly shows?: number;
}

/**
 * The watched commands that run in a terminal now: under its shell, and in a tmux or screen that it shows.
 * @param known commands seen before in this terminal; they count while they run
 * @param uid the student's user id
 */
export function scanTerminal(
  shell: ShellId,
  watched: Watched,
  known: readonly Sighting[],
  uid: number,
  procRoot = '/proc',
): Sighting[] {
  const found = new Map(
    known.filter(({ process }) => runs(process, procRoot)).map((sighting) => [sighting.process, sighting]),
  );
  for (const root of roots(shell, procRoot)) {
    const server = findDevServer(root, watched.commands, watched.portVariable, procRoot);
    if (!server) continue;
    const process = idOf(server.process);
    const isOwn = server.process.uid === uid;
    const terminalHasPort = portSeenBy(parseId(shell).pid, watched.portVariable, procRoot) !== undefined;
    if (!found.has(process)) found.set(process, { process, portText: server.portText, terminalHasPort, isOwn });
  }
  return [...found.values()];
}

/** Every process of a terminal, with those of the tmux or screen that it shows, and of the commands known to run in it. */
export function treeOf(shell: ShellId, known: readonly ProcessId[] = [], procRoot = '/proc'): number[] {
  const tops = [...roots(shell, procRoot), ...known.filter((id) => runs(id, procRoot)).map((id) => parseId(id).pid)];
  return [...new Set(tops.flatMap((pid) => [pid, ...descendants(pid, procRoot).map((process) => process.pid)]))];
}

function roots(shell: ShellId, procRoot: string): number[] {
  if (!runs(shell, procRoot)) return [];
  const { pid } = parseId(shell);
  return [pid, ...multiplexerServers(pid, procRoot)];
}
