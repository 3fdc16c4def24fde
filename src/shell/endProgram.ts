// Ends a program of the student's that outlived its terminal, as Ctrl+C would have: with its whole process group.
import { join } from 'node:path';
import { identify, pidOf, runs } from './processIds.ts';
import type { ProcessId } from './processIds.ts';
import { processIds, readProcess } from './processes.ts';
import { readText } from './procFiles.ts';

/** Milliseconds from SIGTERM to each look whether it has ended; after the last one follows SIGKILL. */
const looks = [20, 80, 200, 500, 1200, 2000];

/**
 * Ends a process and the others of its group, which are those of one command line: npm, nodemon and the server. A group that
 * runs this process is spared but for the one process. SIGTERM first, SIGKILL to what is left after four seconds.
 * @param wait milliseconds to a promise
 * @returns whether all of them have ended
 */
export async function endProgram(
  id: ProcessId,
  wait: (milliseconds: number) => Promise<void>,
  kill: (pid: number, signal: NodeJS.Signals) => void = process.kill.bind(process),
): Promise<boolean> {
  const pids = runs(id) && !isAncestor(pidOf(id), process.pid) ? membersOf(pidOf(id)) : [];
  const ids = pids.flatMap((pid) => identify(pid) ?? []);
  const running = (): ProcessId[] => ids.filter((member) => runs(member));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const member of running()) trySignal(kill, pidOf(member), signal);
    for (const milliseconds of looks) {
      if (running().length === 0) return true;
      await wait(milliseconds);
    }
  }
  return running().length === 0;
}

/** Whether `pid` is `descendant` itself or one of the processes above it. */
export function isAncestor(pid: number, descendant: number): boolean {
  for (let at: number | undefined = descendant; at !== undefined && at > 0; at = readProcess(at)?.ppid)
    if (at === pid) return true;
  return false;
}

function membersOf(pid: number): number[] {
  const group = groupOf(pid);
  const members = processIds().filter((other) => groupOf(other) === group);
  return group === undefined || members.some((member) => isAncestor(member, process.pid)) ? [pid] : members;
}

/** The process group (field 5 of /proc/PID/stat), which is one job of a shell. */
function groupOf(pid: number): number | undefined {
  const stat = readText(join('/proc', String(pid), 'stat'));
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

function trySignal(kill: (pid: number, signal: NodeJS.Signals) => void, pid: number, signal: NodeJS.Signals): void {
  try {
    kill(pid, signal);
  } catch {
    // It has ended in between, or belongs to another account.
  }
}
