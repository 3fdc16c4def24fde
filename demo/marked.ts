/**
 * Finds and ends every process that a demo or a test has started, directly or not.
 *
 * code-server's shells have sessions of their own, its hosts outlive it when it is killed, and guardians are detached, so
 * neither a process group nor parenthood finds them all. An environment variable does, as every child inherits it.
 */
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const MARK = 'CLASSROOM_TUNNEL_DEMO';
const LOOK_AGAIN_MILLISECONDS = 50;

/** The environment that marks a process and its descendants with a name. */
export const mark = (name: string, variable = MARK): Record<string, string> => ({ [variable]: name });

/** The ids of the live processes that carry the mark. Zombies have no environment and do not count. */
export async function findMarked(name: string, variable = MARK): Promise<number[]> {
  const wanted = `${variable}=${name}`;
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const marked = await Promise.all(
    pids.map(async (pid) => {
      // The process belongs to another user or has just ended.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return pid !== process.pid && environment.split('\0').includes(wanted);
    }),
  );
  return pids.filter((_, index) => marked[index]);
}

/** Sends a signal, and ignores that the process is gone. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Ends every process that carries the mark: with SIGTERM and SIGHUP, which interactive shells obey, and with SIGKILL after
 * the patience.
 */
export async function endMarked(name: string, patienceMilliseconds: number, variable = MARK): Promise<void> {
  const deadline = performance.now() + patienceMilliseconds;
  const asked = new Set<number>();
  for (;;) {
    const pids = await findMarked(name, variable);
    if (pids.length === 0) return;
    for (const pid of pids) {
      if (performance.now() > deadline) signalIfThere(pid, 'SIGKILL');
      else if (!asked.has(pid)) for (const signal of ['SIGTERM', 'SIGHUP'] as const) signalIfThere(pid, signal);
      asked.add(pid);
    }
    // No event announces the end of a process that is not a child.
    await delay(LOOK_AGAIN_MILLISECONDS);
  }
}

/** Waits for the end of a child, which may be long past. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
