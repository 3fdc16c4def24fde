import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process, named so that it cannot be taken for another: ids are reused, and mean nothing in another namespace or on another host. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat; absent where /proc hides it (hidepid). */
  readonly startTime?: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  /** The name of the computer, not of the class's part: two may share a configuration. */
  readonly host: string;
}

/** `unknown` is somebody whom we cannot see from here: never take what is theirs. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** Names process `pid` of this namespace on this `host`. */
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

/** Is `other` still the process it was? `here` is any process of our own namespace. */
export function livenessOf(other: ProcessIdentity, here: ProcessIdentity, procRoot = '/proc'): Liveness {
  if (other.bootId !== here.bootId) return other.host === here.host ? 'dead' : 'unknown';
  if (other.pidNamespace !== here.pidNamespace)
    return here.pidNamespace === firstNamespace ? livenessInside(other, procRoot) : 'unknown';
  if (!exists(other.pid)) return 'dead';
  const startTime = startTimeOf(other.pid, procRoot);
  return startTime !== undefined && other.startTime !== undefined && startTime !== other.startTime ? 'dead' : 'alive';
}

/** A machine's first namespace, in which the processes of all others are seen too: the kernel's PROC_PID_INIT_INO. */
const firstNamespace = 'pid:[4026531836]';

/** Is there a process of this id in a container's namespace, as seen from outside of it? Only root may look into all of them. */
function livenessInside({ pid, pidNamespace }: ProcessIdentity, procRoot: string): Liveness {
  const others = readdirSync(procRoot).filter((name) => /^\d+$/.test(name) && name !== '1'); // the first process is in the first namespace
  for (const outside of others) {
    try {
      if (readlinkSync(`${procRoot}/${outside}/ns/pid`) !== pidNamespace) continue;
      // Its start is not compared: a container may have a clock of its own, and in doubt the process is the one.
      if (innermostId(readFileSync(`${procRoot}/${outside}/status`, 'utf8')) === pid) return 'alive';
    } catch (error) {
      if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'unknown';
      // it has ended while we looked
    }
  }
  return 'dead';
}

/** The id that a process has in its own namespace: the last of its ids, outermost first. */
function innermostId(status: string): number {
  return Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1]);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: it is there, and another's
  }
}

function startTimeOf(pid: number, procRoot: string): string | undefined {
  const text = attempt(() => readFileSync(`${procRoot}/${pid}/stat`, 'utf8'));
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' '); // the name before may hold anything
  return fields?.[0] === 'Z' ? 'zombie' : fields?.[19]; // dead, and not yet reaped
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
