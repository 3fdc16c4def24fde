// The guardian: a small shell process that outlives this window and releases its lease. See shell-integration/guardian.sh.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { CommandLine } from './run.ts';

export interface Guardian {
  /** The holder lives as long as this process; undefined if it could not be started. */
  readonly pid: number | undefined;
  /** The site was taken down cleanly: the guardian ends and does nothing. */
  released(): void;
  /** The guardian takes the site down, after its grace. */
  leave(): void;
}

export interface GuardianOptions {
  /** The path of guardian.sh. */
  readonly script: string;
  readonly graceSeconds: number;
  readonly holder: string;
  /** Called when it ends unasked. `killed`: it was ended by a signal and did not take the site down. */
  readonly onLost: (killed: boolean) => void;
}

/** Starts a guardian that runs `<command> release --holder <holder>` when this process ends, for any reason. */
export function startGuardian(
  command: CommandLine,
  { script, graceSeconds, holder, onLost }: GuardianOptions,
): Guardian {
  const args = [script, String(graceSeconds), ...command.words, 'release', '--holder', holder];
  const child = spawnGuardian(args, command.env);
  if (child?.pid === undefined) return { pid: undefined, released: () => undefined, leave: () => undefined };
  let isTold = false;
  child.stdin.on('error', () => undefined); // it was killed, which 'exit' reports
  child.once('exit', (_code, signal) => {
    // A process that a signal ended has not become the command; SIGTERM can come before the shell has set its trap.
    if (!isTold) onLost(signal !== null);
  });
  child.unref();
  const end = (text?: string): void => {
    isTold = true;
    child.stdin.end(text);
  };
  return { pid: child.pid, released: () => end('released\n'), leave: () => end() };
}

/** @returns undefined, or a child without a process id, if the machine is out of processes */
function spawnGuardian(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcessByStdio<Writable, null, null> | undefined {
  try {
    const child = spawn('/bin/sh', args, { env, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    child.once('error', () => undefined); // the missing process id shows it
    return child;
  } catch {
    return undefined;
  }
}
