// Identifies a process, so that another process with the same id is never taken for it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Process ids are reused, and differ between namespaces and hosts; these fields together are unique. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat; absent if /proc hides it (hidepid). */
  readonly startTime?: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  /** The name of the computer. It is not the configured `machine`, which two computers may share. */
  readonly host: string;
}

/** `unknown`: the process is not visible from here. Treat it as alive. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** The largest process id of Linux: PID_MAX_LIMIT on 64-bit machines (proc_sys_kernel(5)). */
const maxPid = 4_194_304;

/** Identifies process `pid` of this namespace on this `host`. */
export function identifyOnHost(pid: number, host: string, procRoot = '/proc'): ProcessIdentity {
  const startTime = startTimeOf(pid, procRoot);
  return {
    pid,
    host,
    bootId: attempt(() => readFileSync(`${procRoot}/sys/kernel/random/boot_id`, 'utf8').trim()) ?? '',
    pidNamespace: attempt(() => readlinkSync(`${procRoot}/self/ns/pid`)) ?? '',
    ...(startTime === undefined ? {} : { startTime }),
  };
}

/** Whether a process can have this id. To kill(2), 0 and negative ids mean process groups, which would seem to live for ever. */
export function isPossible({ pid }: ProcessIdentity): boolean {
  return Number.isInteger(pid) && pid >= 1 && pid <= maxPid;
}

/** Whether the process `other` is still running. @param here any process of our own namespace */
export function livenessOf(other: ProcessIdentity, here: ProcessIdentity, procRoot = '/proc'): Liveness {
  if (!isPossible(other)) return 'dead';
  if (other.bootId !== here.bootId) return other.host === here.host ? 'dead' : 'unknown';
  if (other.pidNamespace !== here.pidNamespace)
    return here.pidNamespace === firstNamespace ? livenessInside(other, procRoot) : 'unknown';
  if (!exists(other.pid)) return 'dead';
  const startTime = startTimeOf(other.pid, procRoot);
  return startTime !== undefined && other.startTime !== undefined && startTime !== other.startTime ? 'dead' : 'alive';
}

/** The machine's first namespace, which sees the processes of all others: PROC_PID_INIT_INO of the kernel. */
const firstNamespace = 'pid:[4026531836]';

/** Looks from the first namespace for a process of a container's namespace. Only root may look into all of them. */
function livenessInside({ pid, pidNamespace }: ProcessIdentity, procRoot: string): Liveness {
  // Process 1 itself is in the first namespace.
  const others = readdirSync(procRoot).filter((name) => /^\d+$/.test(name) && name !== '1');
  for (const outerPid of others) {
    try {
      if (readlinkSync(`${procRoot}/${outerPid}/ns/pid`) !== pidNamespace) continue;
      // Start times are not compared, because a container may have a clock of its own. In doubt it is the process.
      if (innermostId(readFileSync(`${procRoot}/${outerPid}/status`, 'utf8')) === pid) return 'alive';
    } catch (error) {
      if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'unknown';
      // Otherwise the process ended while we looked.
    }
  }
  return 'dead';
}

/** The id of a process in its own namespace: the last one of the list, which begins with the outermost. */
function innermostId(status: string): number {
  return Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1]);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: it exists and belongs to another account
  }
}

function startTimeOf(pid: number, procRoot: string): string | undefined {
  const text = attempt(() => readFileSync(`${procRoot}/${pid}/stat`, 'utf8'));
  // The process name before the last parenthesis may contain anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? 'zombie' : fields?.[19]; // a zombie is dead and not yet reaped
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
