/** A TCP proxy between the student's browser and code-server, which a test can cut and restore. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';

export interface NetworkGate {
  /** `127.0.0.1:PORT`, the address for the browser. */
  readonly host: string;
  /** Cuts every connection and refuses new ones until open(). */
  readonly shut: () => void;
  readonly open: () => void;
  /** The number of open connections. */
  readonly connections: () => number;
  /** The number of connections refused so far. */
  readonly turnedAway: () => number;
  readonly close: () => Promise<void>;
}

/** Starts a proxy to `host:port`. */
export async function openNetworkGate(target: string): Promise<NetworkGate> {
  const [address, port] = target.split(':');
  const sockets = new Set<Socket>();
  let isShut = false;
  let turnedAway = 0;
  const server = createServer((near) => {
    if (isShut) {
      turnedAway += 1;
      return void near.destroy();
    }
    const far = connect(Number(port), address);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
      socket.on('error', () => undefined); // 'close' follows and ends both directions
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut: () => {
      isShut = true;
      cut();
    },
    open: () => {
      isShut = false;
    },
    connections: () => sockets.size / 2, // each has two ends
    turnedAway: () => turnedAway,
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
