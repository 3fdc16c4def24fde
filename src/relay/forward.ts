// The way from a visitor to the dev server and back, with httpxy: adds what happens to headers, and when the server is gone.
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import { createProxyServer } from 'httpxy';
import type { LocalAddress } from '../shell/listeners.ts';
import type { DevServerName } from './devServers.ts';
import { headersForServer, headersForVisitor } from './headers.ts';
import { mayHoldLinks, readLinks } from './localLinks.ts';
import type { LocalLink } from './localLinks.ts';
import { isViteSocket, ModuleGuard } from './moduleGuard.ts';
import type { Naming } from './names.ts';
import { reloadRewrite, rewriteStream } from './reload.ts';
import type { Rewrite } from './reload.ts';
import { rejectUpgrade, respondStopped } from './responses.ts';
import type { ServerAgents } from './serverAgents.ts';
import { hideAddress, mayBeWebpack, mayContainAddress } from './webpackAddress.ts';
import { pingWhenSilent } from './webSocketPing.ts';
import type { StartTimer } from './webSocketPing.ts';

/** The place where a server listens. */
export interface Place {
  readonly port: number;
  readonly address: LocalAddress;
}

/** The place where the dev server listens, and its name if that is known. */
export interface Target extends Place {
  readonly server?: DevServerName;
  /** The folder of the project, or of its workspace: an absolute path without a slash at its end. */
  readonly root?: string;
  /** The places where it tells pages to reload, if not at its own. */
  readonly beside?: readonly Place[];
  /** It speaks HTTPS, as the relay has found out. */
  readonly secure?: true;
}

export interface ForwarderOptions {
  readonly site: URL;
  readonly agents: ServerAgents;
  readonly startTimer: StartTimer;
  /** Called when a server does not answer a plain request because it speaks TLS; forwards the request again. */
  readonly onTls: OnTls;
  /** Called for addresses of the local machine in what visitors get. */
  readonly onLocalLink: (link: LocalLink) => void;
  /** Called when a visitor asks Vite for a module over its WebSocket, which is closed; undefined if visitors may. */
  readonly onModuleRequest?: (() => void) | undefined;
}

export interface Forwarder {
  web(request: IncomingMessage, response: ServerResponse, target: Target, naming: Naming): void;
  webSocket(request: IncomingMessage, socket: Socket, head: Buffer, target: Target): void;
}

/** Gets a target that turned out to speak TLS, with the request that showed it. */
export type OnTls = (target: Target, request: IncomingMessage, response: ServerResponse) => void;

/** A visitor's request that was sent to the server. */
interface Exchange {
  readonly target: Target;
  readonly insecureLinks: boolean;
  /** The response may be a script that contains webpack-dev-server's address. */
  readonly rewritesScript: boolean;
  /** The change of a page or script that makes reloading work. */
  readonly rewrite?: Rewrite | undefined;
  /** The request's path, where the response may hold addresses of the local machine. */
  readonly readsLinks?: string | undefined;
  /** The request to the server, once it exists. */
  sent?: ClientRequest;
  /** Called when the visitor asks Vite for a module over this WebSocket. */
  readonly onModuleRequest?: (() => void) | undefined;
  /** Called when the server cannot be reached or breaks off. */
  readonly onLost: (error: Error) => void;
}

/**
 * A server may close an idle connection at the moment it is used again: a request that is safe to repeat is then sent once
 * more. One that may change something has a connection of its own and is never sent twice.
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { site, agents, startTimer, onTls, onLocalLink } = options;
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const proxy = createProxy(site, exchanges, startTimer, onLocalLink);
  return {
    web: (request, response, target, naming) => {
      const given = request.headers;
      const rewritesScript = mayBeWebpack(target.server) && wantsScript(request);
      const rewrite = reloadRewrite(site, target, request.url ?? '');
      const send = (agent: Agent): void => {
        void proxy.web(request, response, {
          target: upstream(target),
          agent,
          secure: false,
          selfHandleResponse: rewritesScript || rewrite !== undefined,
        });
      };
      const exchange: Exchange = {
        target,
        insecureLinks: naming.insecureLinks === true,
        rewritesScript,
        rewrite,
        readsLinks: mayHoldLinks(request.url ?? '', given) ? request.url : undefined,
        onLost: (error) => {
          const mayRepeat = !response.headersSent && !response.destroyed && isRepeatable(request);
          if (mayRepeat && exchange.sent?.reusedSocket === true) send(agents.fresh(target));
          else if (mayRepeat && mayWantTls(error, target)) void repeatByTls();
          else respondStopped(site, request, response);
        },
      };
      const repeatByTls = async (): Promise<void> => {
        request.headers = given;
        if (await agents.speaksTls(target)) onTls(target, request, response);
        else respondStopped(site, request, response);
      };
      exchanges.set(request, exchange);
      const agent = isRepeatable(request) ? agents.pool(target) : agents.fresh(target);
      request.headers = headersForServer(request.headers, site, target, naming.names);
      // A compressed response can be neither rewritten nor read.
      if (rewritesScript || rewrite || exchange.readsLinks !== undefined) delete request.headers['accept-encoding'];
      send(agent);
    },
    webSocket: (request, socket, head, target) => {
      const onModuleRequest = guardOf(request, options.onModuleRequest);
      exchanges.set(request, { ...ofWebSocket, target, onModuleRequest, onLost: rejectUnanswered(socket) });
      request.headers = headersForServer(request.headers, site, target, 'local');
      void proxy.ws(request, socket, { target: upstream(target), agent: agents.fresh(target), secure: false }, head);
    },
  };
}

const ofWebSocket = { insecureLinks: false, rewritesScript: false } as const;

/** @returns what to call when a visitor asks for a module over this WebSocket; undefined if it needs no guard */
function guardOf({ headers }: IncomingMessage, onModuleRequest: (() => void) | undefined): (() => void) | undefined {
  if (!onModuleRequest || !isViteSocket(headers)) return undefined;
  delete headers['sec-websocket-extensions']; // a compressed message cannot be read
  return onModuleRequest;
}

/** Rejects an upgrade, unless something was sent since: the connection may have carried responses before. */
function rejectUnanswered(socket: Socket): () => void {
  const before = socket.bytesWritten;
  return () => {
    if (socket.bytesWritten === before) rejectUpgrade(socket, '503 Service Unavailable');
  };
}

function createProxy(
  site: URL,
  exchanges: WeakMap<IncomingMessage, Exchange>,
  startTimer: StartTimer,
  onLocalLink: (link: LocalLink) => void,
): ReturnType<typeof createProxyServer> {
  const proxy = createProxyServer();
  proxy.on('error', (error, request) => {
    if (request !== undefined) exchanges.get(request)?.onLost(error);
  });
  proxy.on('proxyReq', (sent, request) => {
    const exchange = exchanges.get(request);
    if (exchange !== undefined) exchange.sent = sent;
  });
  proxy.on('proxyRes', (upstreamResponse, request, response) => {
    const exchange = exchanges.get(request);
    if (exchange === undefined) return;
    const { target, insecureLinks, readsLinks } = exchange;
    if (readsLinks !== undefined) readLinks(upstreamResponse, readsLinks, onLocalLink);
    upstreamResponse.headers = headersForVisitor(upstreamResponse.headers, site, target.port, insecureLinks);
    if (exchange.rewritesScript || exchange.rewrite) forwardText(upstreamResponse, response, exchange);
    else flushSoon(response);
  });
  proxy.on('proxyReqWs', (sent, request, socket) => {
    const onModuleRequest = exchanges.get(request)?.onModuleRequest;
    sent.once('upgrade', (_response, server) => {
      socket.once('close', () => server.destroy());
      server.once('close', () => socket.destroy());
      // Once the proxy has joined the two, and before anything flows: an earlier reader would take the server's first frames
      // from the visitor.
      process.nextTick(() => {
        if (onModuleRequest) guardModules(socket, server, onModuleRequest);
        pingWhenSilent(socket, server, startTimer);
      });
    });
  });
  return proxy;
}

/** Puts the guard between a visitor and Vite. */
function guardModules(visitor: Duplex, server: Duplex, onModuleRequest: () => void): void {
  const guard = new ModuleGuard();
  guard.once('error', () => {
    visitor.destroy();
    onModuleRequest();
  });
  visitor.unpipe(server);
  visitor.pipe(guard).pipe(server);
}

/** A stream that starts with a pause (server-sent events) must not withhold its headers until the first byte. */
function flushSoon(response: ServerResponse): void {
  setImmediate(() => {
    if (!response.headersSent && !response.destroyed) response.flushHeaders();
  });
}

function forwardText(text: IncomingMessage, response: ServerResponse, exchange: Exchange): void {
  const { rewrite, rewritesScript, target } = exchange;
  const changes = [
    ...(rewritesScript && mayContainAddress(text.headers) ? [hideAddress(target.port)] : []),
    ...(rewrite && isPlainText(text.headers) ? [rewriteStream(rewrite)] : []),
  ];
  if (rewrite) delete text.headers['content-length'];
  response.writeHead(text.statusCode ?? 200, text.statusMessage, text.headers);
  if (changes.length === 0) response.flushHeaders(); // an event stream starts with a pause
  pipeline([text, ...changes, response], () => undefined); // on an error, it has destroyed the response
}

const isPlainText = (headers: IncomingHttpHeaders): boolean =>
  headers['content-encoding'] === undefined && /html|javascript|css|xml/i.test(headers['content-type'] ?? '');

function upstream(target: Target): { protocol: string; host: string; port: number } {
  return { protocol: target.secure ? 'https:' : 'http:', host: target.address, port: target.port };
}

/** A server for TLS hangs up on a plain request, or answers it with what is no HTTP. */
function mayWantTls(error: Error, target: Target): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return target.secure !== true && (code === 'ECONNRESET' || code.startsWith('HPE_'));
}

function isRepeatable({ headers, method }: IncomingMessage): boolean {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return !hasBody && (method === 'GET' || method === 'HEAD');
}

function wantsScript({ headers, url }: IncomingMessage): boolean {
  return headers['sec-fetch-dest'] === 'script' || /\.m?js(\?|$)/.test(url ?? '');
}
