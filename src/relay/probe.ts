// Sends a site the requests that a visitor's browser would send, with the public names, to find out whether it is live.
// probeResult.ts judges the replies.
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { withDeadline } from '../deadline.ts';
import type { LocalAddress } from '../shell/listeners.ts';
import type { DevServerName, SocketPlan } from './devServers.ts';
import { basePathsOf, mayBeElsewhere } from './basePath.ts';
import { planSockets, resultOfProbe, viteClientPath } from './probeResult.ts';
import type { ProbeAnswers, ProbeResult, Reply, SocketReply } from './probeResult.ts';

/** The address to connect to: the relay's socket, or the server itself when the tunnel leads straight to it. */
export type ProbeAddress = { readonly socketPath: string } | { readonly host: LocalAddress; readonly port: number };

export interface ProbeOptions {
  readonly address: ProbeAddress;
  /** The site's public address. */
  readonly site: URL;
  readonly server?: DevServerName | undefined;
  /** A path at which the site may be, if it is not at `/`. */
  readonly path?: string | undefined;
  /** The cookie that passes the relay of a private site. */
  readonly cookie?: string | undefined;
  /** Ends the whole probe. A server that compiles its first page needs many seconds. */
  readonly signal: AbortSignal;
  /** Makes the connections; by default each request has its own. */
  readonly agent?: Agent & { readonly protocol: string };
}

/** How much of a page or a script is read, in bytes. */
const readLimit = 512 * 1024;
/** How long a body is read: one that never ends is judged by its beginning. Milliseconds. */
const bodyLimit = 3_000;
/** How long a WebSocket may stay unanswered: some servers leave one at an unknown path open. Milliseconds. */
const upgradeLimit = 5_000;
/** How long an open WebSocket may stay silent until it counts as accepted. Milliseconds. */
const firstDataLimit = 1_000;
const notFound = 404;
/** So many base paths are tried. */
const maxPaths = 4;

/**
 * Requests the page, Vite's client if the page has one, and the page's WebSocket. A server that has no page at `/` is asked for
 * its base path too. Never rejects.
 */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { site, server } = options;
  const { page, path } = await findPage(options);
  const answers: ProbeAnswers = { site, server, page, path, socket: undefined };
  if (page === undefined || page.status >= 400) return resultOfProbe(answers);
  const clientPath = viteClientPath(page);
  const client = clientPath === undefined ? undefined : await get(options, clientPath, { accept: '*/*' });
  const plans = planSockets(server, page, client?.body);
  return resultOfProbe({ ...answers, socket: plans.length === 0 ? undefined : await firstAnswered(options, plans) });
}

const forPage = { accept: 'text/html,*/*;q=0.8' };

/** The page at `/`, or else at the first of the server's base paths that has one. */
async function findPage(options: ProbeOptions): Promise<{ page: Reply | undefined; path?: string }> {
  const root = await get(options, '/', forPage);
  if (root === undefined || !mayBeElsewhere(root)) return { page: root };
  const paths = [options.path ?? [], basePathsOf(root)].flat().slice(0, maxPaths);
  for (const path of new Set(paths.map((found) => pathAt(options.site, found)))) {
    const page = await get(options, path, forPage);
    if (page !== undefined && page.status < 400) return path === '/' ? { page } : { page, path };
  }
  return { page: root };
}

/** `path` may be any text. */
const pathAt = (site: URL, path: string): string =>
  URL.canParse(path, site.origin) ? new URL(path, site.origin).pathname : '/';

/** A path that does not exist gets a 404 or no answer, so the first WebSocket that is answered is the one that exists. */
async function firstAnswered(options: ProbeOptions, plans: readonly SocketPlan[]): Promise<SocketReply | undefined> {
  const answered = new AbortController();
  return withDeadline(upgradeLimit, [options.signal, answered.signal], async (signal) => {
    try {
      return await Promise.any(plans.map((plan) => upgrade({ ...options, signal }, plan)));
    } catch {
      return undefined;
    } finally {
      answered.abort();
    }
  });
}

/** Reads the beginning of a page. @returns undefined when no response begins */
export async function get(
  options: ProbeOptions,
  path: string,
  headers: Record<string, string>,
): Promise<Reply | undefined> {
  const sent = request(requestTo(options, path, headers));
  sent.end();
  return new Promise((resolve) => {
    sent.on('error', () => resolve(undefined));
    sent.on('response', (response) => void readReply(response).then(resolve));
    sent.on('upgrade', (_response, socket) => {
      socket.destroy(); // the request did not ask for one
      resolve(undefined);
    });
  });
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const reply: Reply = { status: response.statusCode ?? 0, headers: response.headers, body: '' };
  const limit = setTimeout(() => response.destroy(), bodyLimit);
  try {
    for await (const chunk of response) {
      reply.body += String(chunk);
      if (reply.body.length > readLimit) break;
    }
  } catch {
    // the beginning is enough
  } finally {
    clearTimeout(limit);
  }
  return reply;
}

/**
 * Opens a WebSocket, waits for its first data, because some servers refuse only then, and closes it.
 * @throws when no WebSocket exists at the path
 */
async function upgrade(options: ProbeOptions, plan: SocketPlan): Promise<SocketReply> {
  const sent = request(
    requestTo(options, plan.path, {
      origin: options.site.origin,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...(plan.protocol !== undefined && { 'sec-websocket-protocol': plan.protocol }),
    }),
  );
  sent.end();
  return new Promise((resolve, reject) => {
    sent.on('error', (error: Error & { rawPacket?: Buffer }) => {
      if (error.rawPacket) resolve({ status: 0, data: error.rawPacket.toString('latin1') });
      else reject(error);
    });
    sent.on(
      'response',
      (response) =>
        void readReply(response).then(({ status, body }) => {
          if (status === notFound) reject(new Error(`There is no ${plan.path}`));
          else resolve({ status, data: body });
        }),
    );
    sent.on(
      'upgrade',
      (response, socket, head) =>
        void firstData(socket, head).then((data) => resolve({ status: response.statusCode ?? 0, data })),
    );
  });
}

/** Frames from a server are not masked, and no compression was offered: their text can be read as it is. */
async function firstData(socket: Duplex, head: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const done = (data: Buffer): void => {
      clearTimeout(silence);
      socket.destroy();
      resolve(data.toString('latin1'));
    };
    const silence = setTimeout(() => done(head), firstDataLimit);
    socket.on('error', () => done(head));
    socket.once('close', () => done(head));
    if (head.length > 0) done(head);
    else socket.once('data', (data: Buffer) => done(data));
  });
}

/** `path` comes from a page and may be any text; only its path and query are used, at this site. */
function requestTo(
  { address, site, signal, agent, cookie }: ProbeOptions,
  path: string,
  headers: Record<string, string>,
): RequestOptions {
  const { pathname, search } = URL.canParse(path, site.href) ? new URL(path, site) : site;
  return {
    ...address,
    path: pathname + search,
    signal,
    agent: agent ?? false,
    ...(agent && { protocol: agent.protocol }),
    headers: { host: site.host, ...(cookie !== undefined && { cookie }), ...headers },
  };
}
