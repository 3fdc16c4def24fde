// Finds the running development server of one terminal.
import { listenersOf, type Listener } from './listeners.ts';
import { descendants, findRunning, portSeenBy, type ProcessInfo } from './processes.ts';

/** A running watched command and its port. */
export interface DevServer {
  readonly process: ProcessInfo;
  /** The text of the port variable in the process's environment, unchecked; undefined when it has none. */
  readonly portText: string | undefined;
}

/**
 * Searches the process tree of a shell once for a watched command.
 * @param shellPid the terminal's shell; it may have become the command itself (`exec npm run dev`)
 * @param watched command lines, as in the configuration's `commands`
 * @param portVariable the name of the variable that holds the port, `PORT` by default
 * @returns undefined when no such process runs (yet)
 */
export function findDevServer(
  shellPid: number,
  watched: readonly string[],
  portVariable: string,
  procRoot = '/proc',
): DevServer | undefined {
  const process = findRunning(shellPid, watched, procRoot);
  return process && { process, portText: portSeenBy(process.pid, portVariable, procRoot) };
}

/** The listening sockets of a process and of everything it started. */
export function listenersOfTree(pid: number, procRoot = '/proc'): Listener[] {
  return listenersOf([pid, ...descendants(pid, procRoot).map((process) => process.pid)], procRoot);
}
