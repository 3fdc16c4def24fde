// Names of processes that stay unique when the kernel reuses a process id.
import { join } from 'node:path';
import { readProcess, stillRuns } from './processes.ts';
import { readText } from './procFiles.ts';

/** A process, `pid:startTime`. */
export type ProcessId = string;
/** A terminal's shell, `pid:startTime`. */
export type ShellId = ProcessId;

/** The name of a process, unique until the machine restarts; undefined if there is no such process. */
export function identify(pid: number, procRoot = '/proc'): ProcessId | undefined {
  const process = readProcess(pid, procRoot);
  return process && idOf(process);
}

/** Whether the process with this name still runs. */
export function runs(id: ProcessId, procRoot = '/proc'): boolean {
  return stillRuns(parseId(id), procRoot);
}

/** The process id in a name. */
export const pidOf = (id: ProcessId): number => parseId(id).pid;

/** The name of a process that was read. */
export const idOf = ({ pid, startTime }: { pid: number; startTime: number }): ProcessId => `${pid}:${startTime}`;

/** The parts of a name; 0 for each part that is missing. `startTime` is in clock ticks since boot. */
export function parseId(id: ProcessId): { pid: number; startTime: number } {
  const [pid = 0, startTime = 0] = id.split(':').map(Number);
  return { pid, startTime };
}

/** Of every Linux user interface (USER_HZ). */
const ticksPerSecond = 100;

/** The seconds since this process started. */
export function ageOf(id: ProcessId, procRoot = '/proc'): number {
  const uptime = parseFloat(readText(join(procRoot, 'uptime')) ?? '');
  return uptime - parseId(id).startTime / ticksPerSecond;
}
