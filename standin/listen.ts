// Servers on the loopback interface, on one free port.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const attempts = 20;

/** Listens on `host`; `port` 0 takes a free one. Returns the port. */
export async function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<number> {
  server.listen({ port, host });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/**
 * Makes two servers listen on 127.0.0.1 and ::1 with one port: browsers resolve *.localhost to both. Where the machine has no IPv6,
 * the second stays silent.
 */
export async function listenOnBoth(v4: Server, v6: Server, port = 0): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const taken = await listen(v4, port);
    try {
      await listen(v6, taken, '::1');
      return taken;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return taken;
      // The port is free on 127.0.0.1, but taken on ::1.
      await close(v4);
      if (code !== 'EADDRINUSE' || port !== 0 || attempt === attempts) throw error;
    }
  }
}

/** Closes a server and its connections; does nothing if it does not listen. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
