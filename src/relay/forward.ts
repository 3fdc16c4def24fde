// The way from a visitor to the dev server, over httpxy: what is added is the heads, and what happens when the server is gone.
import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createProxyServer } from 'httpxy';
import { answerStopped, refuseUpgrade } from './answers.ts';
import type { DevServerName } from './devServers.ts';
import { headersForServer, headersForVisitor } from './headers.ts';
import type { LoopbackAddress } from './ownServer.ts';
import { hideAddress, mayBeWebpack, mayNameAddress } from './webpackAddress.ts';

/** Where the dev server listens, and which it is where that is known. */
export interface Target {
  port: number;
  address: LoopbackAddress;
  server?: DevServerName;
}

export interface Forwarder {
  web(request: IncomingMessage, response: ServerResponse, target: Target): void;
  webSocket(request: IncomingMessage, socket: Socket, head: Buffer, target: Target): void;
}

/** A request on its way. */
interface Flight {
  target: Target;
  /** The answer may be a script in which webpack-dev-server's address is to be hidden. */
  rewritesScript: boolean;
  /** The request to the server, once there is one. */
  sent?: ClientRequest;
  /** What to do when the server cannot be reached or goes away. */
  lost: () => void;
}

/**
 * `pool` keeps connections to the server for the next request; `fresh` makes one for each. A server may close a waiting
 * connection in the very moment in which it is used again: a question without a body is then asked once more, and
 * anything that may change something gets a connection of its own from the start, as it must never be sent twice.
 */
export function createForwarder(site: URL, pool: Agent, fresh: Agent): Forwarder {
  const flights = new WeakMap<IncomingMessage, Flight>();
  const proxy = proxyFor(site, flights);
  return {
    web: (request, response, target) => {
      const rewritesScript = mayBeWebpack(target.server) && wantsScript(request);
      const send = (agent: Agent): void => {
        void proxy.web(request, response, { target: upstream(target), agent, selfHandleResponse: rewritesScript });
      };
      const flight: Flight = {
        target,
        rewritesScript,
        lost: () => {
          const again = flight.sent?.reusedSocket === true && !response.headersSent && !response.destroyed;
          if (again) send(fresh);
          else answerStopped(site, request, response);
        },
      };
      flights.set(request, flight);
      const agent = isRepeatable(request) ? pool : fresh;
      request.headers = headersForServer(request.headers, site, target.port);
      if (rewritesScript) delete request.headers['accept-encoding']; // it must be readable on its way
      send(agent);
    },
    webSocket: (request, socket, head, target) => {
      const before = socket.bytesWritten; // the connection may have carried ordinary answers before
      const flight: Flight = {
        target,
        rewritesScript: false,
        lost: () => {
          if (socket.bytesWritten === before) refuseUpgrade(socket, '503 Service Unavailable');
        },
      };
      flights.set(request, flight);
      request.headers = headersForServer(request.headers, site, target.port);
      void proxy.ws(request, socket, { target: upstream(target), agent: fresh }, head);
    },
  };
}

function proxyFor(site: URL, flights: WeakMap<IncomingMessage, Flight>): ReturnType<typeof createProxyServer> {
  const proxy = createProxyServer();
  proxy.on('error', (_error, request) => {
    if (request !== undefined) flights.get(request)?.lost();
  });
  proxy.on('proxyReq', (sent, request) => {
    const flight = flights.get(request);
    if (flight !== undefined) flight.sent = sent;
  });
  proxy.on('proxyRes', (answer, request, response) => {
    const flight = flights.get(request);
    if (flight === undefined) return;
    answer.headers = headersForVisitor(answer.headers, site, flight.target.port);
    if (flight.rewritesScript) passScript(answer, response, flight.target.port);
    // A stream that begins with silence (server-sent events) must not hold its head back until its first byte.
    else
      setImmediate(() => {
        if (!response.headersSent && !response.destroyed) response.flushHeaders();
      });
  });
  proxy.on('proxyReqWs', (sent, _request, socket) => {
    sent.once('upgrade', (_answer, server) => {
      socket.once('close', () => server.destroy());
      server.once('close', () => socket.destroy());
    });
  });
  return proxy;
}

function passScript(answer: IncomingMessage, response: ServerResponse, port: number): void {
  response.writeHead(answer.statusCode ?? 200, answer.statusMessage, answer.headers);
  const done = (): void => undefined; // a cut answer has cut the response too
  if (mayNameAddress(answer.headers)) pipeline(answer, hideAddress(port), response, done);
  else pipeline(answer, response, done);
}

function upstream(target: Target): { protocol: string; host: string; port: number } {
  return { protocol: 'http:', host: target.address, port: target.port };
}

function isRepeatable(request: IncomingMessage): boolean {
  const bodiless =
    request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined;
  return bodiless && (request.method === 'GET' || request.method === 'HEAD');
}

function wantsScript({ headers, url }: IncomingMessage): boolean {
  return headers['sec-fetch-dest'] === 'script' || /\.m?js(\?|$)/.test(url ?? '');
}
