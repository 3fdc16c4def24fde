// The place of a student's relay.
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../provisioning/config.ts';
import { MendableError } from '../provisioning/errors.ts';
import { socketFolder } from '../provisioning/stateFolder.ts';
import { userName, type Caller } from './caller.ts';
import type { Session } from './session.ts';

/** The folder of the caller's own relay sockets. The caller creates it, so that it belongs to them. */
export function ownSocketFolder(config: Pick<Config, 'stateDir'>, { uid }: Pick<Caller, 'uid'>): string {
  return join(config.stateDir, socketFolder, String(uid));
}

/**
 * The socket of the caller's relay for this port. What listens there is public under the caller's name, so no other account may
 * be able to replace it.
 * @throws MendableError `socket-foreign`
 */
export function checkedSocket({ config, caller }: Session, port: number): string {
  const folder = ownSocketFolder(config, caller);
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  const problem = !stats?.isDirectory()
    ? 'it does not exist'
    : stats.uid !== caller.uid
      ? `it belongs to ${userName(stats.uid)}`
      : (stats.mode & 0o022) !== 0
        ? 'other accounts may write in it'
        : undefined;
  if (problem) throw new MendableError('socket-foreign', { folder, problem, user: caller.user });
  return join(folder, `${port}.sock`);
}
