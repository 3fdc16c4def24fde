// The edge that visitors' browsers speak to. It routes every request by the current records and rules, and streams the answer.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { close, listenOnBoth } from '../listen.ts';
import type { World } from '../world.ts';
import { createAgents } from './agents.ts';
import { EdgeCache } from './cache.ts';
import { findDestination, zoneOf } from './destination.ts';
import type { Destination, Origin } from './destination.ts';
import { answerError, refuseUpgrade } from './errorPage.ts';
import { announcesTooMuch } from './limits.ts';
import type { EdgeLimits } from './limits.ts';
import { createProxy, edgeHeaders } from './proxy.ts';

export interface Edge {
  readonly port: number;
  readonly cache: EdgeCache;
  close: () => Promise<void>;
}

export interface EdgeOptions {
  world: World;
  clock: Clock;
  limits: EdgeLimits;
  /** 0 or undefined takes a free port. */
  port?: number | undefined;
}

/** Starts an edge on 127.0.0.1 and ::1. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const cache = new EdgeCache(options.clock.now);
  const agents = createAgents();
  const upgraded = new Set<Duplex>();
  const { onRequest, onUpgrade } = createHandlers(options, cache, agents, upgraded);
  const servers = [createServer(onRequest), createServer(onRequest)] as const;
  for (const server of servers) server.on('upgrade', onUpgrade);
  const port = await listenOnBoth(...servers, options.port);
  return {
    port,
    cache,
    close: async () => {
      for (const socket of upgraded) socket.destroy();
      for (const agent of Object.values(agents)) agent.destroy();
      await Promise.all(servers.map(close));
    },
  };
}

/** @param upgraded gets every open WebSocket: a server that closes does not close them */
function createHandlers(
  { world, clock, limits }: EdgeOptions,
  cache: EdgeCache,
  agents: ReturnType<typeof createAgents>,
  upgraded: Set<Duplex>,
) {
  const obfuscates = (request: IncomingMessage) => zoneOf(world, hostOf(request))?.emailObfuscation ?? false;
  const proxy = createProxy({ cache, clock, limits, obfuscates });
  const destinationOf = (request: IncomingMessage) => findDestination(world, hostOf(request), pathOf(request));
  const toOrigin = (origin: Origin, request: IncomingMessage, more: Record<string, string> = {}) => ({
    target: origin.target,
    agent: agents[origin.target.protocol],
    secure: origin.verifyTls,
    headers: { ...edgeHeaders(request, origin.hostHeader), ...more },
  });
  return {
    onRequest: (request: IncomingMessage, response: ServerResponse) => {
      const destination = destinationOf(request);
      if (destination.kind !== 'origin') answer(response, destination);
      else if (announcesTooMuch(request, limits)) answerError(response, 413, 413, 'The request is too large.');
      else if (!cache.answer(request, response)) {
        response.once(
          'close',
          destination.connector.carry(() => response.destroy()),
        );
        // cloudflared keeps its own connections to a service alive, whatever the visitor says about theirs.
        void proxy.web(request, response, toOrigin(destination, request, { connection: 'keep-alive' }));
      }
    },
    onUpgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const destination = destinationOf(request);
      if (destination.kind !== 'origin') refuseUpgrade(socket, destination.status);
      else if (cannotUpgrade(destination)) refuseUpgrade(socket, 502);
      else {
        upgraded.add(socket);
        socket.once('close', () => upgraded.delete(socket));
        socket.once(
          'close',
          destination.connector.carry(() => socket.destroy()),
        );
        void proxy.ws(request, socket, toOrigin(destination, request), head);
      }
    },
  };
}

/** Over `http2`, cloudflared fails on every WebSocket to a Unix socket ("http: no Host in request URL"). */
function cannotUpgrade({ connector, target }: Origin): boolean {
  return connector.protocol === 'http2' && 'socketPath' in target;
}

function answer(response: ServerResponse, destination: Exclude<Destination, Origin>): void {
  if (destination.kind === 'error') answerError(response, destination.status, destination.code, destination.reason);
  else
    response
      .writeHead(destination.status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
      .end();
}

function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}
