// The edge: what a visitor's browser speaks to. Every request is routed anew by the world's records and rules, and streamed.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ProxyServer } from 'httpxy';
import { close, listenOnBoth } from '../listen.ts';
import { newId } from '../world.ts';
import type { World } from '../world.ts';
import { createAgents } from './agents.ts';
import { EdgeCache } from './cache.ts';
import { findDestination } from './destination.ts';
import type { Destination, Origin } from './destination.ts';
import { errorPage } from './errorPage.ts';

export interface Edge {
  readonly port: number;
  readonly cache: EdgeCache;
  close: () => Promise<void>;
}

/** Starts an edge on 127.0.0.1 and ::1. `port` 0 takes a free one. */
export async function startEdge(options: {
  world: World;
  now: () => number;
  port?: number | undefined;
}): Promise<Edge> {
  const cache = new EdgeCache(options.now);
  const agents = createAgents();
  const upgraded = new Set<Duplex>();
  const proxy = createProxy(cache);
  const toOrigin = (origin: Origin, request: IncomingMessage) => ({
    target: origin.target,
    agent: agents[origin.target.protocol],
    secure: origin.verifyTls,
    headers: edgeHeaders(request, origin.hostHeader),
  });
  const destinationOf = (request: IncomingMessage) => findDestination(options.world, hostOf(request), pathOf(request));

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const destination = destinationOf(request);
    if (destination.kind !== 'origin') answer(response, destination);
    else if (!cache.answer(request, response)) void proxy.web(request, response, toOrigin(destination, request));
  };
  const onUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const destination = destinationOf(request);
    if (destination.kind !== 'origin') {
      refuseUpgrade(socket, destination.status);
      return;
    }
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    void proxy.ws(request, socket, toOrigin(destination, request), head);
  };
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

function createProxy(cache: EdgeCache) {
  const proxy = new ProxyServer<IncomingMessage, ServerResponse>();
  proxy.on('proxyRes', (originAnswer, request, response) => {
    cache.observe(request, originAnswer);
    // A stream that has not said anything yet (server-sent events) must be seen to have begun.
    process.nextTick(() => {
      if (!response.headersSent && !response.writableEnded) response.flushHeaders();
    });
  });
  proxy.on('proxyReqWs', (originRequest, _request, socket) => {
    // The library ends the origin's side when the visitor says goodbye, but not when the visitor is just gone.
    originRequest.on('upgrade', (_answer, originSocket) => socket.once('close', () => originSocket.destroy()));
  });
  proxy.on('error', (error, _request, response) => {
    if (response instanceof Socket) refuseUpgrade(response, 502);
    else if (!response || response.headersSent) response?.destroy();
    else
      answer(response, {
        kind: 'error',
        status: 502,
        code: 502,
        reason: `The server behind this site does not answer (${error.message}).`,
      });
  });
  return proxy;
}

/** What the edge and cloudflared add: https://developers.cloudflare.com/fundamentals/reference/http-headers/ */
function edgeHeaders(request: IncomingMessage, hostHeader: string | undefined): Record<string, string> {
  const { headers, socket } = request;
  const visitor = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return {
    'cf-connecting-ip': visitor,
    'cf-ipcountry': 'XX',
    'cf-ray': `${newId().slice(0, 16)}-LOC`,
    'cf-visitor': '{"scheme":"http"}',
    'cdn-loop': 'cloudflare; loops=1',
    'x-forwarded-for': [headers['x-forwarded-for'], visitor].flat().filter(Boolean).join(','),
    'x-forwarded-proto': 'http', // the scheme that the visitor used: this edge has no certificates
    ...(hostHeader !== undefined && { host: hostHeader, 'x-forwarded-host': headers.host ?? '' }),
  };
}

function answer(response: ServerResponse, destination: Exclude<Destination, Origin>): void {
  const page = destination.kind === 'error' ? errorPage(destination.status, destination.code, destination.reason) : '';
  response
    .writeHead(destination.status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(page);
}

function refuseUpgrade(socket: Duplex, status: number): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}

function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}
