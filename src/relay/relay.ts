// The relay: one site's visitors in, the student's own dev server out, and a page of ours while there is no server.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerStatus, answerStopped, refuse, refuseUpgrade } from './answers.ts';
import { createForwarder } from './forward.ts';
import type { Target } from './forward.ts';
import { OwnServerAgent } from './ownServer.ts';
import type { IsOwn } from './ownServer.ts';
import { OWN_PATH, STATUS_PATH } from './page.ts';

export interface Relay {
  /** Listens where the caller says: `listen()`, or `emit('connection', socket)`. */
  server: Server;
  /** From now on visitors reach this server; null while there is none. What is under way goes on. */
  setTarget(target: Target | null): void;
  /** Ends every connection, WebSockets included. */
  close(): void;
}

export interface RelayOptions {
  /** The site's public address, such as https://student1.example.com */
  site: URL;
  isOwn: IsOwn;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}

/** Below the 5 s after which a node server drops a silent connection, so that the relay lets go first. Milliseconds. */
const UPSTREAM_IDLE = 4_000;
/** Above the 90 s after which cloudflared drops one, for the same reason. Milliseconds. */
const VISITOR_IDLE = 120_000;
const MAX_HEADER_BYTES = 64 * 1024;

/** A relay for one site, not listening yet. It reaches no address but its target's, whatever a visitor sends. */
export function createRelay({ site, isOwn, now }: RelayOptions): Relay {
  let target: Target | null = null;
  const pool = new OwnServerAgent(isOwn, now, { keepAlive: true, maxFreeSockets: 64, timeout: UPSTREAM_IDLE });
  const forward = createForwarder(site, pool, new OwnServerAgent(isOwn, now, { keepAlive: false }));
  const server = createServer({
    keepAliveTimeout: VISITOR_IDLE,
    maxHeaderSize: MAX_HEADER_BYTES,
    noDelay: true,
    requestTimeout: 0,
    headersTimeout: 0, // an upload may take an hour; the edge keeps away those who only pretend to send
  });

  server.on('request', (request, response) => {
    if (!isPath(request.url)) refuse(response, 400, 'This relay serves one site only.');
    else if (request.url.split('?')[0] === STATUS_PATH)
      answerStatus(response, target !== null && isOwn(target.port, target.address));
    else if (request.url.startsWith(OWN_PATH)) refuse(response, 404, 'Nothing is here.');
    else if (target === null) answerStopped(site, request, response);
    else forward.web(request, response, target);
  });

  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket: Socket, head) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    if (!isPath(request.url) || request.headers.upgrade?.toLowerCase() !== 'websocket')
      refuseUpgrade(socket, '400 Bad Request');
    else if (target === null || request.url.startsWith(OWN_PATH)) refuseUpgrade(socket, '503 Service Unavailable');
    else forward.webSocket(request, socket, head, target);
  });

  return {
    server,
    setTarget: (next) => {
      target = next;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      pool.destroy();
    },
  };
}

/** A proxy's request names a whole URL (or, to CONNECT, a host): the relay is no proxy for others. */
function isPath(url: string | undefined): url is string {
  return url?.startsWith('/') === true;
}
