// Carries one request from the edge to a service and its answer back, with the headers, the cache and the limits of the edge.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { ProxyServer } from 'httpxy';
import type { Clock } from '../clock.ts';
import { newId } from '../world.ts';
import type { EdgeCache } from './cache.ts';
import { obfuscateEmail } from './emailObfuscation.ts';
import { answerError, refuseUpgrade } from './errorPage.ts';
import { cutWhenIdle, watchBody } from './limits.ts';
import type { EdgeLimits } from './limits.ts';

export interface ProxyContext {
  /** Whether the zone of a request's host has e-mail obfuscation on. */
  obfuscates: (request: IncomingMessage) => boolean;
  cache: EdgeCache;
  clock: Clock;
  limits: EdgeLimits;
}

export function createProxy({ cache, clock, limits, obfuscates }: ProxyContext): ProxyServer {
  const proxy = new ProxyServer<IncomingMessage, ServerResponse>();
  proxy.on('proxyReq', (originRequest, request, response) => {
    watchBody(request, limits, () => {
      answerError(response, 413, 413, 'The request is too large.');
      originRequest.destroy();
    });
  });
  proxy.on('proxyRes', (originAnswer, request, response) => {
    cache.observe(request, originAnswer);
    if (obfuscates(request)) obfuscateEmail(originAnswer);
    delete originAnswer.headers.connection; // belongs to the connection between cloudflared and the service
    delete originAnswer.headers['keep-alive'];
    // The visitor must see that a stream has begun (server-sent events) before its first byte comes.
    process.nextTick(() => {
      if (!response.headersSent && !response.writableEnded) response.flushHeaders();
    });
  });
  proxy.on('proxyReqWs', (originRequest, _request, socket) => {
    originRequest.on('upgrade', (_answer, originSocket) => {
      // The library ends the origin's side when the visitor closes properly, but not when the visitor is just gone.
      socket.once('close', () => originSocket.destroy());
      // Once the library has joined the two: a reader before that would take the origin's first frames from the visitor.
      process.nextTick(() => cutWhenIdle([socket, originSocket], limits, clock));
    });
  });
  proxy.on('error', (error, _request, response) => {
    if (response instanceof Socket) refuseUpgrade(response, 502);
    else if (!response || response.writableEnded) return;
    else if (response.headersSent) response.destroy();
    else answerError(response, 502, 502, `The server behind this site does not answer (${error.message}).`);
  });
  return proxy;
}

/** The headers that the edge and cloudflared add: https://developers.cloudflare.com/fundamentals/reference/http-headers/ */
export function edgeHeaders(request: IncomingMessage, hostHeader: string | undefined): Record<string, string> {
  const { headers, socket } = request;
  const visitor = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return {
    'cf-connecting-ip': visitor,
    'cf-ipcountry': 'XX',
    'cf-ray': `${newId().slice(0, 16)}-LOC`,
    'cf-visitor': '{"scheme":"http"}',
    'cdn-loop': 'cloudflare; loops=1',
    'x-forwarded-for': [headers['x-forwarded-for'], visitor].flat().filter(Boolean).join(','),
    'x-forwarded-proto': 'http', // the visitor's scheme: this edge has no certificates
    ...(hostHeader !== undefined && { host: hostHeader, 'x-forwarded-host': headers.host ?? '' }),
  };
}
