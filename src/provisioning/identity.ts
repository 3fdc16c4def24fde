import { readFileSync, readlinkSync } from 'node:fs';

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
export function identify(pid: number, host: string, procRoot = '/proc'): ProcessIdentity {
  const startTime = startTimeOf(pid, procRoot);
  return {
    pid, host,
    bootId: attempt(() => readFileSync(`${procRoot}/sys/kernel/random/boot_id`, 'utf8').trim()) ?? '',
    pidNamespace: attempt(() => readlinkSync(`${procRoot}/self/ns/pid`)) ?? '',
    ...(startTime === undefined ? {} : { startTime }),
  };
}

/** Is `other` still the process it was? `here` is any process of our own namespace. */
export function livenessOf(other: ProcessIdentity, here: ProcessIdentity, procRoot = '/proc'): Liveness {
  if (other.bootId !== here.bootId) return other.host === here.host ? 'dead' : 'unknown';
  if (other.pidNamespace !== here.pidNamespace) return 'unknown';
  if (!exists(other.pid)) return 'dead';
  const startTime = startTimeOf(other.pid, procRoot);
  return startTime !== undefined && other.startTime !== undefined && startTime !== other.startTime ? 'dead' : 'alive';
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
  try { return read(); } catch { return undefined; }
}
