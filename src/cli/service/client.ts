// The caller's side of the service: sends the arguments, and passes the output on.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { FixableError } from '../../provisioning/errors.ts';
import type { Streams } from '../report.ts';
import { formatRequest, readReply } from './protocol.ts';

/**
 * Has the service run the command. When `stop` aborts, the service withdraws a request that only waits, and finishes a change.
 * @returns the exit code of the command
 * @throws FixableError `service-unreachable`, `service-busy`
 */
export async function callService(
  path: string,
  args: readonly string[],
  { out, err, stop }: Pick<Streams, 'out' | 'err'> & { readonly stop: AbortSignal },
): Promise<number> {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await once(socket, 'connect').catch((error: unknown) => {
      throw new FixableError('service-unreachable', { socket: path, problem: (error as Error).message });
    });
    socket.on('error', () => undefined); // the missing exit code shows it
    stop.addEventListener('abort', () => socket.end());
    socket.write(formatRequest(args));
    for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
      const reply = readReply(line);
      if (reply && 'exitCode' in reply) return reply.exitCode;
      if (reply) (reply.stream === 'out' ? out : err)(reply.line);
    }
    throw new FixableError('service-busy');
  } finally {
    socket.destroy();
  }
}
