// Starts the processes beside a plain shell's server: its relay, and the process that takes the site down.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FixableError } from '../provisioning/errors.ts';
import { startRelay } from '../relay/relayProcess.ts';
import type { RelayedSiteOptions } from './relayedSite.ts';

/** The real processes and clock. */
export const siteProcesses: Pick<RelayedSiteOptions, 'start' | 'guard' | 'wait'> = {
  start: async (options) => startRelay({ ...options, command: [process.execPath, relayProgram()] }),
  guard: startGuardian,
  wait: (milliseconds) => delay(milliseconds, undefined, { ref: false }),
};

/** The relay beside this program, or where the README installs it. @throws FixableError `relay-missing` */
function relayProgram(): string {
  const folders = [dirname(realpathSync(process.argv[1] ?? '')), '/usr/local/lib/classroom-tunnel'];
  const found = folders.map((folder) => join(folder, 'relay.cjs')).find((path) => existsSync(path));
  if (found === undefined) throw new FixableError('relay-missing', { folders: folders.join(' or ') });
  return found;
}

/** Takes the site down when this process ends, however it ends: the kernel closes the pipe. */
function startGuardian(holder: string, env: NodeJS.ProcessEnv): ChildProcess {
  const script = 'trap "" HUP INT; cat >/dev/null; exec "$@" </dev/null';
  const words = [process.execPath, process.argv[1] ?? '', 'release', '--holder', holder];
  return spawn('/bin/sh', ['-c', script, 'sh', ...words], {
    env,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}
