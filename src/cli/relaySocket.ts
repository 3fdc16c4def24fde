// The place of a student's relay: its socket, and its port where the connector carries no WebSocket to a socket.
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { relayPortService } from '../provisioning/publications.ts';
import { socketFolder } from '../provisioning/stateFolder.ts';
import { listeners } from '../shell/listeners.ts';
import { userName, type Caller } from './caller.ts';
import { connectorProtocols } from './connectorCheck.ts';
import type { Session } from './session.ts';

/** The folder of the caller's own relay sockets. The caller creates it, so that it belongs to them. */
export function ownSocketFolder(config: Pick<Config, 'stateDir'>, { uid }: Pick<Caller, 'uid'>): string {
  return join(config.stateDir, socketFolder, String(uid));
}

/**
 * The socket of the caller's relay for this port. What listens there is public under the caller's name, so no other account may
 * be able to replace it.
 * @throws FixableError `socket-foreign`
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
  if (problem) throw new FixableError('socket-foreign', { folder, problem, user: caller.user });
  return join(folder, `${port}.sock`);
}

/**
 * The service that leads to the caller's relay: its socket, or its port if the connector may use http2, over which cloudflared carries
 * no WebSocket to a socket.
 * @param relayPort the port at which the relay listens too, if it does
 * @throws FixableError `socket-foreign`, `port-foreign`
 */
export async function relayService(session: Session, port: number, relayPort?: number): Promise<string> {
  const socket = `unix:${checkedSocket(session, port)}`;
  if (relayPort === undefined) return socket;
  const protocols = await connectorProtocols(session.config);
  const allQuic = protocols !== undefined && protocols.length > 0 && !protocols.includes('http2');
  return !allQuic && isOwnRelay(session, relayPort) ? relayPortService(relayPort) : socket;
}

/**
 * Whether the caller's relay listens on the port. What listens there is public under the caller's name.
 * @throws FixableError `port-foreign` if another account has the port
 */
function isOwnRelay({ caller }: Session, port: number): boolean {
  const found = listeners().filter((listener) => listener.port === port);
  const other = found.find(({ uid }) => uid !== caller.uid);
  if (other) throw new FixableError('port-foreign', { port, user: caller.user, owner: userName(other.uid) });
  return found.some(({ address }) => address === '127.0.0.1');
}
