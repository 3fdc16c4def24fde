/** The network between the student's browser and code-server, which can be lost and come back. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';

export interface Gate {
  /** `127.0.0.1:PORT`: what the browser connects to. */
  readonly host: string;
  /** Cuts every connection and lets no new one through, until open(). */
  readonly shut: () => void;
  readonly open: () => void;
  /** How many connections there are. */
  readonly connections: () => number;
  /** How many have been turned away so far. */
  readonly turnedAway: () => number;
  readonly close: () => Promise<void>;
}

/** Opens a gate to `host:port`. */
export async function openGate(target: string): Promise<Gate> {
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
      socket.on('error', () => undefined); // its close follows, and ends both ways
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
