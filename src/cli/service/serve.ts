// The service's side of one connection: reads the request, runs the command for the peer, and sends the output.
import { Socket } from 'node:net';
import { FixableError } from '../../provisioning/errors.ts';
import { readFolder, readText } from '../../shell/procFiles.ts';
import { processOwner } from '../caller.ts';
import { runProgram } from '../program.ts';
import { hidingSecrets, makeReport } from '../report.ts';
import { Connection } from './connection.ts';
import { limits, peerOfInstance } from './protocol.ts';

export interface ServeOptions {
  /** The name of the systemd instance, which has the peer's user id; else UNIXREMOTEEUID of ucspi-unix names it. */
  readonly peer?: string;
}

/**
 * Serves the connection on standard input.
 * @param env the environment of the service; nothing in it comes from the peer
 * @throws FixableError `service-peer`
 */
export async function serve({ peer }: ServeOptions, env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<void> {
  const uid = peerOfInstance(peer ?? `0-0-${env['UNIXREMOTEEUID'] ?? ''}`);
  if (uid === undefined) throw new FixableError('service-peer', { peer: peer ?? '' });
  const connection = new Connection(new Socket({ fd: 0, readable: true, writable: true, allowHalfOpen: true }));
  stop.addEventListener('abort', () => connection.hangUp());
  const streams = hidingSecrets({
    out: (line) => connection.send({ stream: 'out', line }),
    err: (line) => connection.send({ stream: 'err', line }),
  });
  if (peer !== undefined && connectionsOf(uid) > limits.connectionsPerUser) {
    connection.refuse();
    return;
  }
  const args = await connection.readRequest();
  if (!args) return connection.close(makeReport(streams, 'text').fail(new FixableError('service-request')));
  await connection.close(await runProgram(args, { ...streams, env, stop: connection.hungUp, peer: uid }));
}

/** How many processes of this account serve this user, by their command lines. Those of other accounts prove nothing. */
function connectionsOf(uid: number): number {
  const suffix = new RegExp(`\\0serve\\0--peer\\0[\\d_-]+-${uid}\\0$`);
  const isOurs = (pid: number) => processOwner(pid) === process.getuid?.();
  const pids = readFolder('/proc').filter((name) => suffix.test(readText(`/proc/${name}/cmdline`) ?? ''));
  return pids.filter((pid) => isOurs(Number(pid))).length;
}
