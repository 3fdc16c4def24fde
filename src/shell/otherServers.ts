// Finds the servers of a terminal that no watched command started. Reads /proc only.
import { basename } from 'node:path';
import { listenersOf, type Listener } from './listeners.ts';
import { idOf, parseId, runs } from './processIds.ts';
import type { ProcessId, ShellId } from './processIds.ts';
import { readProcess, workingFolder, type ProcessInfo } from './processes.ts';
import { treeOf } from './terminalProcesses.ts';

/** A program with listening sockets: the one that the student started, such as npm or nodemon, with all its processes. */
export interface OtherServer {
  readonly shell: ShellId;
  readonly process: ProcessId;
  /** Its command line; empty for the extension host, whose servers are those of extensions. */
  readonly program: string;
  /** Its working folder; undefined if it cannot be read. */
  readonly folder: string | undefined;
  readonly listeners: readonly Listener[];
}

/** Longer command lines are cut. Characters. */
const maxProgram = 200;

/**
 * The programs of this user that listen in a terminal, or in the extension host and its children.
 * @param known the watched commands that run there; their processes are left out
 * @param host the process that runs this code: its own sockets are a program apart from its children
 */
export function otherServers(
  shell: ShellId,
  known: readonly ProcessId[],
  uid: number,
  host = process.pid,
  procRoot = '/proc',
): OtherServer[] {
  const top = parseId(shell).pid;
  const watched = new Set(known.flatMap((id) => processesOf(id, host, procRoot)));
  const tree = new Map(
    treeOf(shell, [], procRoot).flatMap((pid) => {
      const found = readProcess(pid, procRoot);
      return found ? [[pid, found]] : [];
    }),
  );
  const found = new Map<number, OtherServer>();
  for (const { pid, uid: owner } of tree.values()) {
    if (owner !== uid || watched.has(pid)) continue;
    const listeners = listenersOf([pid], procRoot);
    if (listeners.length === 0) continue;
    const program = programOf(pid, tree, top);
    const before = found.get(program.pid)?.listeners ?? [];
    found.set(program.pid, { ...describe(program, shell, host, procRoot), listeners: [...before, ...listeners] });
  }
  return [...found.values()];
}

/** The server of one program of a terminal; undefined if it has ended. */
export function serverOf(shell: ShellId, id: ProcessId): OtherServer | undefined {
  const program = runs(id) ? readProcess(parseId(id).pid) : undefined;
  return program && { ...describe(program, shell), listeners: listenersOf(processesOf(id)) };
}

function describe(
  program: ProcessInfo,
  shell: ShellId,
  host = process.pid,
  procRoot = '/proc',
): Omit<OtherServer, 'listeners'> {
  return {
    shell,
    process: idOf(program),
    program: program.pid === host ? '' : program.argv.join(' ').trim().slice(0, maxProgram),
    folder: workingFolder(program.pid, procRoot),
  };
}

/** The processes of a program: its tree, and of the extension host the one process alone. */
export function processesOf(id: ProcessId, host = process.pid, procRoot = '/proc'): number[] {
  const { pid } = parseId(id);
  if (!runs(id, procRoot)) return [];
  return pid === host ? [pid] : treeOf(id, [], procRoot);
}

/** The program that the student started: the outermost process below the shell, or the shell itself that became it. */
function programOf(pid: number, tree: ReadonlyMap<number, ProcessInfo>, top: number): ProcessInfo {
  let at = tree.get(pid) as ProcessInfo;
  while (at.pid !== top) {
    const parent = tree.get(at.ppid);
    if (!parent || parent.pid === top || isInteractiveShell(parent)) break;
    at = parent;
  }
  return at;
}

/** Whether a shell takes lines, and does not run a script: those in a tmux or screen are below its server. */
function isInteractiveShell({ argv: [first = '', second] }: ProcessInfo): boolean {
  return /^-?(ba|z|fi|da|k)?sh$/.test(basename(first)) && (second === undefined || /^-(?!c)/.test(second));
}
