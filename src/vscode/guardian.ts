// The guardian: a tiny shell process that outlives this window and lets go of what it held. See shell-integration/guardian.sh.
import { spawn } from 'node:child_process';
import type { CommandLine } from './command.ts';

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
export function startGuardian(command: CommandLine, { script, graceSeconds, holder, onLost }: GuardianOptions): Guardian {
  const args = [script, String(graceSeconds), ...command.words, 'release', '--holder', holder];
  const child = spawn('/bin/sh', args, { env: command.env, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  let told = false;
  child.once('error', () => undefined); // then there is no pid, and publishing says so
  child.stdin.on('error', () => undefined); // it was killed: 'exit' tells
  child.once('exit', (_code, signal) => {
    if (!told) onLost(signal === 'SIGKILL');
  });
  child.unref();
  const end = (text?: string): void => {
    told = true;
    child.stdin.end(text);
  };
  return { pid: child.pid, released: () => end('released\n'), leave: () => end() };
}
