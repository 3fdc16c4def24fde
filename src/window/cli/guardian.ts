// The guardian: a tiny shell process that outlives this window and lets go of what it held. See shell-integration/guardian.sh.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { CommandLine } from './run.ts';

export interface Guardian {
  /** Its life is the holder's life; undefined when it could not be started. */
  readonly pid: number | undefined;
  /** The site was taken down cleanly: the guardian ends and does nothing. */
  released(): void;
  /** The guardian takes the site down itself, after its grace. */
  leave(): void;
}

export interface GuardianOptions {
  /** The path of guardian.sh. */
  readonly script: string;
  readonly graceSeconds: number;
  readonly holder: string;
  /** It ended although nobody told it to; `killed` when it could not take the site down any more. */
  readonly onLost: (killed: boolean) => void;
}

/** Starts a guardian that runs `<command> release --holder <holder>` once this process is gone, for whatever reason. */
export function startGuardian(
  command: CommandLine,
  { script, graceSeconds, holder, onLost }: GuardianOptions,
): Guardian {
  const args = [script, String(graceSeconds), ...command.words, 'release', '--holder', holder];
  const child = spawnGuardian(args, command.env);
  if (child?.pid === undefined) return { pid: undefined, released: () => undefined, leave: () => undefined };
  let told = false;
  child.stdin.on('error', () => undefined); // it was killed: 'exit' tells
  child.once('exit', (_code, signal) => {
    // Whoever dies of a signal has not become the command: even SIGTERM, if it comes before the shell has set its trap.
    if (!told) onLost(signal !== null);
  });
  child.unref();
  const end = (text?: string): void => {
    told = true;
    child.stdin.end(text);
  };
  return { pid: child.pid, released: () => end('released\n'), leave: () => end() };
}

/** @returns undefined, or a child without a process id, where the machine has no process left to give */
function spawnGuardian(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcessByStdio<Writable, null, null> | undefined {
  try {
    const child = spawn('/bin/sh', args, { env, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    child.once('error', () => undefined); // the missing process id says it
    return child;
  } catch {
    return undefined;
  }
}
