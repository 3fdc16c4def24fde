// The relay of one site: takes visitors' requests and forwards them to the student's dev server, or shows a page while none runs.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AccessControl, type Access } from './accessControl.ts';
import type { Target } from './forward.ts';
import { reportOnce } from './localLinks.ts';
import type { LocalLink } from './localLinks.ts';
import { askForNames } from './names.ts';
import type { IsOwn } from './ownServerAgent.ts';
import { enterPath, ownPath, statusPath } from './page.ts';
import { moduleRequest } from './moduleGuard.ts';
import { rejectUpgrade, respondBlocked, respondError, respondStatus } from './responses.ts';
import { blockedPart } from './shield.ts';
import type { ShieldPart } from './shield.ts';
import { Upstream } from './upstream.ts';
import { VisitCounter } from './visitCounter.ts';
import type { Visitors } from './visitors.ts';
import { startTimer as realTimer } from './webSocketPing.ts';
import type { StartTimer } from './webSocketPing.ts';

export interface Relay {
  /** Not listening yet: call `listen()`, or `emit('connection', socket)`. */
  readonly server: Server;
  /** Later requests go to this server; with null, visitors see the page that waits. Requests under way continue. */
  setTarget(target: Target | null): void;
  /** Later visitors must know the passphrase; with undefined, the site is public. */
  setAccess(access: Access | undefined): void;
  visitors(): Visitors;
  /** Ends every connection, WebSockets included. */
  close(): void;
}

export interface RelayOptions {
  /** The site's public address, such as https://student1.example.com */
  readonly site: URL;
  /** The hostname in the tunnel's rule. If it is given, requests for other hosts are refused. */
  readonly hostname?: string | undefined;
  readonly isOwn: IsOwn;
  /** The parts of the shield that are switched off. */
  readonly allow?: ReadonlySet<ShieldPart>;
  /** Called for each request that the shield blocks. */
  readonly onBlocked?: (blocked: Blocked) => void;
  /** Called for addresses of the local machine in what visitors get, once for each. */
  readonly onLocalLink?: (link: LocalLink) => void;
  /** Called after each answer to a visitor. */
  readonly onVisit?: () => void;
  /** For the pings of silent WebSockets; real time by default. */
  readonly startTimer?: StartTimer;
  /** Asks a server that has started for the names it takes. */
  readonly ask?: typeof askForNames;
}

/** A request that visitors may not send. */
export interface Blocked {
  readonly part: ShieldPart;
  /** The path and query, as the visitor sent them. */
  readonly target: string;
}

/** More than the 90 s after which cloudflared closes one, so that cloudflared closes it first. Milliseconds. */
const visitorIdle = 120_000;
const maxHeaderBytes = 64 * 1024;

const serverOptions: ServerOptions = {
  keepAliveTimeout: visitorIdle,
  maxHeaderSize: maxHeaderBytes,
  noDelay: true,
  requestTimeout: 0,
  headersTimeout: 0, // an upload may take an hour; the edge handles clients that send too slowly
};

/** The relay connects to no address but its target's, for any request of a visitor. */
export function createRelay(options: RelayOptions): Relay {
  const { site, isOwn, startTimer = realTimer, ask = askForNames } = options;
  const onLocalLink = reportOnce(options.onLocalLink ?? (() => undefined));
  const { isForSite, blocked } = createGuard(options);
  const access = new AccessControl(site);
  const count = new VisitCounter(options.onVisit);
  const upstream = new Upstream({ site, isOwn, startTimer, ask, onLocalLink, onModuleRequest: reportModules(options) });
  const server = createServer(serverOptions);

  server.on('request', (request, response) => {
    const { target } = upstream;
    if (!isPath(request.url)) respondError(response, 400, 'This relay serves one site only.');
    else if (!isForSite(request)) respondError(response, 421, 'This relay serves one site only.');
    else if (request.url.split('?')[0] === statusPath)
      respondStatus(response, target !== null && isOwn(target.port, target.address));
    else if (request.url === enterPath) void access.enter(request, response);
    else if (request.url.startsWith(ownPath)) respondError(response, 404, 'Nothing is here.');
    else if (!access.admits(request.headers)) access.ask(request, response);
    else {
      const part = target === null ? undefined : blocked(request.url, target);
      count.follow(request, response);
      if (part === undefined) upstream.web(request, response);
      else respondBlocked(site, part, request, response);
    }
  });

  const upgraded = trackUpgraded(server);
  server.on('upgrade', (request, socket: Socket, head) => {
    const { target } = upstream;
    if (!isPath(request.url) || request.headers.upgrade?.toLowerCase() !== 'websocket')
      rejectUpgrade(socket, '400 Bad Request');
    else if (!isForSite(request)) rejectUpgrade(socket, '421 Misdirected Request');
    else if (request.url.startsWith(ownPath)) rejectUpgrade(socket, '503 Service Unavailable');
    else if (!access.admits(request.headers)) rejectUpgrade(socket, '401 Unauthorized');
    else if (target === null) rejectUpgrade(socket, '503 Service Unavailable');
    else if (blocked(request.url, target) !== undefined) rejectUpgrade(socket, '403 Forbidden');
    else upstream.webSocket(request, socket, head);
  });

  return {
    server,
    setTarget: (target) => upstream.setTarget(target),
    setAccess: (wanted) => access.set(wanted),
    visitors: () => count.read(),
    close: () => {
      upstream.close();
      endConnections(server, upgraded);
    },
  };
}

/** The sockets of open WebSockets, which a server does not close by itself. */
function trackUpgraded(server: Server): ReadonlySet<Duplex> {
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (_request, socket) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
  });
  return upgraded;
}

function endConnections(server: Server, upgraded: ReadonlySet<Duplex>): void {
  server.close();
  server.closeAllConnections();
  for (const socket of upgraded) socket.destroy();
}

/** Decides what a visitor may request: `isForSite` by the host, `blocked` by the shield, which it reports. */
function createGuard({ site, hostname, allow = new Set(), onBlocked }: RelayOptions): {
  isForSite: (request: IncomingMessage) => boolean;
  blocked: (url: string, target: Target) => ShieldPart | undefined;
} {
  const hosts = new Set(hostname === undefined ? [] : [hostname, site.hostname]);
  return {
    isForSite: ({ headers }) =>
      hosts.size === 0 || [headers.host, headers['x-forwarded-host']].some((host) => hosts.has(nameOf(host))),
    blocked: (url, { server, root }) => {
      const part = blockedPart(url, { server, root, allow });
      if (part !== undefined) onBlocked?.({ part, target: url });
      return part;
    },
  };
}

/** A host without its port. cloudflared sends the visitor's as X-Forwarded-Host where a rule has an `httpHostHeader`. */
function nameOf(host: string | string[] | undefined): string {
  return String(host ?? '')
    .toLowerCase()
    .replace(/:\d+$/, '');
}

/** @returns undefined if visitors may fetch modules over Vite's WebSocket */
function reportModules({ allow, onBlocked }: RelayOptions): (() => void) | undefined {
  const part = 'filesOutsideProject';
  return allow?.has(part) ? undefined : () => onBlocked?.({ part, target: moduleRequest });
}

/** Requests to a proxy name a whole URL (or, for CONNECT, a host): the relay serves none. */
function isPath(url: string | undefined): url is string {
  return url?.startsWith('/') === true;
}
