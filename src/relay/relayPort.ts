// The relay's port on loopback, for a connector that carries no WebSocket to a Unix socket (cloudflared over http2). Each connection
// leads on to the socket, so that visitors reach the relay that holds it, whichever way they come.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

export interface RelayPort {
  readonly port: number;
  /** Stops listening. Accepted connections stay open. */
  close(): void;
}

/**
 * Listens on 127.0.0.1 alone.
 * @param socket the path of the relay's socket
 * @param preferred the port to take if it is free; 0 for any
 */
export async function openRelayPort(socket: string, preferred: number): Promise<RelayPort> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (visitor) => {
    const relay = connect({ path: socket, allowHalfOpen: true });
    visitor.pipe(relay).pipe(visitor);
    visitor.on('error', () => undefined).once('close', () => relay.destroy());
    relay.on('error', () => undefined).once('close', () => visitor.destroy());
  });
  await listen(server, preferred).catch(() => listen(server, 0));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
