// The way from a visitor to the dev server and back, with httpxy: adds what happens to headers, and when the server is gone.
import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createProxyServer } from 'httpxy';
import type { LoopbackAddress } from '../shell/listeners.ts';
import type { DevServerName } from './devServers.ts';
import { headersForServer, headersForVisitor } from './headers.ts';
import type { Naming } from './names.ts';
import { rejectUpgrade, respondStopped } from './responses.ts';
import { hideAddress, mayBeWebpack, mayContainAddress } from './webpackAddress.ts';
import { pingWhenSilent } from './webSocketPing.ts';
import type { StartTimer } from './webSocketPing.ts';

/** The place where the dev server listens, and its name if that is known. */
export interface Target {
  readonly port: number;
  readonly address: LoopbackAddress;
  readonly server?: DevServerName;
  /** The folder of the project, or of its workspace: an absolute path without a slash at its end. */
  readonly root?: string;
}

export interface Forwarder {
  web(request: IncomingMessage, response: ServerResponse, target: Target, naming: Naming): void;
  webSocket(request: IncomingMessage, socket: Socket, head: Buffer, target: Target): void;
}

/** A visitor's request that was sent to the server. */
interface Exchange {
  readonly target: Target;
  readonly insecureLinks: boolean;
  /** The response may be a script that contains webpack-dev-server's address. */
  readonly rewritesScript: boolean;
  /** The request to the server, once it exists. */
  sent?: ClientRequest;
  /** Called when the server cannot be reached or breaks off. */
  readonly onLost: () => void;
}

/**
 * @param pool keeps connections to the server for later requests. A server may close an idle connection at the moment it
 *   is used again: a request that is safe to repeat is then sent once more
 * @param fresh makes a connection for each request, for those that may change something and must never be sent twice
 */
export function createForwarder(site: URL, pool: Agent, fresh: Agent, startTimer: StartTimer): Forwarder {
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const proxy = createProxy(site, exchanges, startTimer);
  return {
    web: (request, response, target, naming) => {
      const rewritesScript = mayBeWebpack(target.server) && wantsScript(request);
      const send = (agent: Agent): void => {
        void proxy.web(request, response, { target: upstream(target), agent, selfHandleResponse: rewritesScript });
      };
      const exchange: Exchange = {
        target,
        insecureLinks: naming.insecureLinks === true,
        rewritesScript,
        onLost: () => {
          if (exchange.sent?.reusedSocket === true && !response.headersSent && !response.destroyed) send(fresh);
          else respondStopped(site, request, response);
        },
      };
      exchanges.set(request, exchange);
      const agent = isRepeatable(request) ? pool : fresh;
      request.headers = headersForServer(request.headers, site, target, naming.names);
      if (rewritesScript) delete request.headers['accept-encoding']; // a compressed script cannot be rewritten
      send(agent);
    },
    webSocket: (request, socket, head, target) => {
      const before = socket.bytesWritten; // the connection may have carried responses already
      const onLost = (): void => {
        if (socket.bytesWritten === before) rejectUpgrade(socket, '503 Service Unavailable');
      };
      exchanges.set(request, { target, insecureLinks: false, rewritesScript: false, onLost });
      request.headers = headersForServer(request.headers, site, target, 'local');
      void proxy.ws(request, socket, { target: upstream(target), agent: fresh }, head);
    },
  };
}

function createProxy(
  site: URL,
  exchanges: WeakMap<IncomingMessage, Exchange>,
  startTimer: StartTimer,
): ReturnType<typeof createProxyServer> {
  const proxy = createProxyServer();
  proxy.on('error', (_error, request) => {
    if (request !== undefined) exchanges.get(request)?.onLost();
  });
  proxy.on('proxyReq', (sent, request) => {
    const exchange = exchanges.get(request);
    if (exchange !== undefined) exchange.sent = sent;
  });
  proxy.on('proxyRes', (upstreamResponse, request, response) => {
    const exchange = exchanges.get(request);
    if (exchange === undefined) return;
    const { target, insecureLinks } = exchange;
    upstreamResponse.headers = headersForVisitor(upstreamResponse.headers, site, target.port, insecureLinks);
    if (exchange.rewritesScript) forwardScript(upstreamResponse, response, target.port);
    else flushSoon(response);
  });
  proxy.on('proxyReqWs', (sent, _request, socket) => {
    sent.once('upgrade', (_response, server) => {
      socket.once('close', () => server.destroy());
      server.once('close', () => socket.destroy());
      // Once the proxy has joined the two: a reader before that would take the server's first frames from the visitor.
      process.nextTick(() => pingWhenSilent(socket, server, startTimer));
    });
  });
  return proxy;
}

/** A stream that starts with a pause (server-sent events) must not withhold its headers until the first byte. */
function flushSoon(response: ServerResponse): void {
  setImmediate(() => {
    if (!response.headersSent && !response.destroyed) response.flushHeaders();
  });
}

function forwardScript(script: IncomingMessage, response: ServerResponse, port: number): void {
  response.writeHead(script.statusCode ?? 200, script.statusMessage, script.headers);
  const onEnd = (): void => undefined; // on an error, pipeline() has destroyed the response
  if (mayContainAddress(script.headers)) pipeline(script, hideAddress(port), response, onEnd);
  else pipeline(script, response, onEnd);
}

function upstream(target: Target): { protocol: string; host: string; port: number } {
  return { protocol: 'http:', host: target.address, port: target.port };
}

function isRepeatable({ headers, method }: IncomingMessage): boolean {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return !hasBody && (method === 'GET' || method === 'HEAD');
}

function wantsScript({ headers, url }: IncomingMessage): boolean {
  return headers['sec-fetch-dest'] === 'script' || /\.m?js(\?|$)/.test(url ?? '');
}
