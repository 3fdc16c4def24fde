// Looks into a terminal's process tree. It reads /proc and decides nothing; when to look is looker.ts.
import { findDevServer } from '../shell/devServer.ts';
import { descendants, readProcess, stillRuns } from '../shell/processes.ts';
import { multiplexerServers } from './multiplexers.ts';
import type { ProcessId, ShellId } from './site.ts';

/** Which commands to look for. */
export interface Watched { readonly commands: readonly string[]; readonly portVariable: string }

/** A watched command at work, with the unchecked text of its port variable. */
export interface Sighting { readonly process: ProcessId; readonly portText: string | undefined }

/** Names a process for as long as the machine runs; undefined when there is none. */
export function identify(pid: number, procRoot = '/proc'): ShellId | undefined {
  const process = readProcess(pid, procRoot);
  return process && idOf(process);
}

/** Whether the process with this name still runs. */
export function runs(id: ProcessId  , procRoot = '/proc'): boolean {
  return stillRuns(parseId(id), procRoot);
}

/**
 * The watched commands that run in a terminal now: under its shell, and in a tmux or screen that it shows.
 * @param known commands seen before in this terminal: they count for as long as they run
 * @param uid only this user's processes count
 */
export function observe(shell: ShellId, watched: Watched, known: readonly Sighting[], uid: number, procRoot = '/proc'): Sighting[] {
  const found = new Map(known.filter(({ process }) => runs(process, procRoot)).map((sighting) => [sighting.process, sighting]));
  for (const root of roots(shell, procRoot)) {
    const server = findDevServer(root, watched.commands, watched.portVariable, procRoot);
    if (server?.process.uid !== uid) continue;
    const process = idOf(server.process);
    if (!found.has(process)) found.set(process, { process, portText: server.portText });
  }
  return [...found.values()];
}

/** Every process of a terminal, with those of the tmux or screen that it shows, and of the commands known to run in it. */
export function treeOf(shell: ShellId, known: readonly ProcessId[] = [], procRoot = '/proc'): number[] {
  const tops = [...roots(shell, procRoot), ...known.filter((id) => runs(id, procRoot)).map((id) => parseId(id).pid)];
  return [...new Set(tops.flatMap((pid) => [pid, ...descendants(pid, procRoot).map((process) => process.pid)]))];
}

/** The process id in a name. */
export const pidOf = (id: ShellId): number => parseId(id).pid;

function roots(shell: ShellId, procRoot: string): number[] {
  if (!runs(shell, procRoot)) return [];
  const { pid } = parseId(shell);
  return [pid, ...multiplexerServers(pid, procRoot)];
}

const idOf = ({ pid, startTime }: { pid: number; startTime: number }): string => `${pid}:${startTime}`;

function parseId(id: string): { pid: number; startTime: number } {
  const [pid = 0, startTime = 0] = id.split(':').map(Number);
  return { pid, startTime };
}
