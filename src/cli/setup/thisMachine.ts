// The facts that setup finds on this machine before it asks anything.
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FixableError } from '../../provisioning/errors.ts';
import { findProgram } from './system.ts';

export interface ThisMachine {
  readonly isRoot: boolean;
  readonly hasSystemd: boolean;
  /** Absolute paths. Undefined: not found in a place that the service and the students can reach. */
  readonly node: string | undefined;
  readonly program: string | undefined;
  readonly cloudflared: string | undefined;
  /** The package of the extension. */
  readonly vsix: string | undefined;
}

const systemPath = '/usr/local/bin:/usr/bin';

/** @param program the path of this program */
export function lookAtMachine(program: string, env: NodeJS.ProcessEnv): ThisMachine {
  const own = realpathSync(program);
  const folders = [dirname(own), join(dirname(own), '../lib/classroom-tunnel'), '/usr/local/lib/classroom-tunnel'];
  return {
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync('/run/systemd/system'),
    node: isShared(process.execPath) ? process.execPath : findProgram('node', systemPath),
    program: isShared(own) ? own : findProgram('classroom-tunnel', systemPath),
    cloudflared: findProgram('cloudflared', `${env['PATH'] ?? ''}:${systemPath}`),
    vsix: folders.map((folder) => join(folder, 'classroom-tunnel.vsix')).find((file) => existsSync(file)),
  };
}

/**
 * Looks at what would fail at the end of a set-up.
 * @throws FixableError `setup-impossible`, `setup-unwritable`
 */
export function checkMachine({ isRoot, hasSystemd, node, program }: ThisMachine, configFile: string): void {
  if (isRoot && hasSystemd && (node === undefined || program === undefined))
    throw new FixableError('setup-impossible', {
      problem: `${node === undefined ? process.execPath : 'this program'} lies in a home folder, which the service and the students cannot reach`,
      fix: 'Install Node for the whole machine (/usr/bin or /usr/local), then run install.sh of the release.',
    });
  let folder = dirname(configFile);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new FixableError('setup-unwritable', { file: folder, problem: 'this account may not write it' });
  }
}

/** One line for a person. Pure. */
export function describeMachine({ isRoot, hasSystemd, cloudflared, vsix }: ThisMachine): string {
  const missing = [
    ...(isRoot ? [] : ['root rights (the set-up is for this account alone)']),
    ...(hasSystemd ? [] : ['systemd (no service is installed)']),
    ...(cloudflared === undefined ? ['cloudflared (its commands are printed at the end)'] : []),
    ...(vsix === undefined ? ['the VSIX of the extension (install.sh of a release brings it)'] : []),
  ];
  return missing.length === 0 ? 'This machine has everything that is needed.' : `Missing here: ${missing.join('; ')}.`;
}

function isShared(file: string): boolean {
  return !/^\/(root|home|run\/user)\//.test(file);
}
