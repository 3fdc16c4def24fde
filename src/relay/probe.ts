// Asks a site what a visitor's browser will ask it, with the public names, to know whether "live" is true. The answers are judged in probeResult.ts.
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { withDeadline } from '../deadline.ts';
import type { DevServerName } from './devServers.ts';
import { judgeProbe, planSockets, viteClientPath } from './probeResult.ts';
import type { ProbeAnswers, Reply, SocketPlan, SocketReply, ProbeResult } from './probeResult.ts';

/** Where to ask: the relay's socket, or the server itself where the tunnel leads straight to it. */
export type Door = { socketPath: string } | { host: '127.0.0.1' | '::1'; port: number };

export interface ProbeOptions {
  door: Door;
  /** The site's public address. */
  site: URL;
  server?: DevServerName | undefined;
  /** For the whole probe. A server that compiles its first page needs many seconds. */
  signal: AbortSignal;
}

/** How much of a page or a script is read, at most. Bytes. */
const READ_LIMIT = 512 * 1024;
/** How long an answer that has begun may go on: one that never ends is judged by its beginning. Milliseconds. */
const BODY_LIMIT = 3_000;
/** How long a WebSocket may go unanswered: a server leaves one that it does not know open. Milliseconds. */
const UPGRADE_LIMIT = 5_000;
/** How long an opened WebSocket may keep silent before silence counts as assent. Milliseconds. */
const HELLO_LIMIT = 1_000;
const NOT_FOUND = 404;

/** GET /, Vite's client where the page has one, and the WebSocket that the page will open. Three requests at most; never rejects. */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { site, server } = options;
  const page = await get(options, '/', 'text/html,*/*;q=0.8');
  const findings: ProbeAnswers = { site, server, page, socket: undefined };
  if (page === undefined || page.status >= 400) return judgeProbe(findings);
  const clientPath = viteClientPath(page);
  const client = clientPath === undefined ? undefined : await get(options, clientPath, '*/*');
  const plans = planSockets(server, page, client?.body);
  return judgeProbe({ ...findings, socket: plans.length === 0 ? undefined : await firstAnswered(options, plans) });
}

/** A server leaves a WebSocket at a path that it does not know without an answer, or says 404: the one that says more is the one. */
async function firstAnswered(options: ProbeOptions, plans: readonly SocketPlan[]): Promise<SocketReply | undefined> {
  const answered = new AbortController();
  return withDeadline(UPGRADE_LIMIT, [options.signal, answered.signal], async (signal) => {
    try {
      return await Promise.any(plans.map((plan) => upgrade({ ...options, signal }, plan)));
    } catch {
      return undefined;
    } finally {
      answered.abort();
    }
  });
}

/** Undefined where no answer begins. */
async function get(options: ProbeOptions, path: string, accept: string): Promise<Reply | undefined> {
  const sent = request(asked(options, path, { accept }));
  sent.end();
  return new Promise((resolve) => {
    sent.on('error', () => resolve(undefined));
    sent.on('response', (response) => void readReply(response).then(resolve));
    sent.on('upgrade', (_response, socket) => {
      socket.destroy(); // nobody asked for that
      resolve(undefined);
    });
  });
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const reply: Reply = { status: response.statusCode ?? 0, headers: response.headers, body: '' };
  const limit = setTimeout(() => response.destroy(), BODY_LIMIT);
  try {
    for await (const chunk of response) {
      reply.body += String(chunk);
      if (reply.body.length > READ_LIMIT) break;
    }
  } catch {
    // what came is what there is
  } finally {
    clearTimeout(limit);
  }
  return reply;
}

/** Opens the WebSocket, waits for the first words, since some servers say only then that they refuse, and closes it. @throws where no WebSocket is */
async function upgrade(options: ProbeOptions, plan: SocketPlan): Promise<SocketReply> {
  const sent: ClientRequest = request(
    asked(options, plan.path, {
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
      if (error.rawPacket) resolve({ status: 0, said: error.rawPacket.toString('latin1') });
      else reject(error);
    });
    sent.on(
      'response',
      (response) =>
        void readReply(response).then(({ status, body }) => {
          if (status === NOT_FOUND) reject(new Error(`There is no ${plan.path}`));
          else resolve({ status, said: body });
        }),
    );
    sent.on(
      'upgrade',
      (response, socket, head) =>
        void firstWords(socket, head).then((said) => resolve({ status: response.statusCode ?? 0, said })),
    );
  });
}

/** Frames from a server are neither masked nor, as nothing was agreed, compressed: their text can be read as it is. */
async function firstWords(socket: Duplex, head: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const done = (words: Buffer): void => {
      clearTimeout(silence);
      socket.destroy();
      resolve(words.toString('latin1'));
    };
    const silence = setTimeout(() => done(head), HELLO_LIMIT);
    socket.on('error', () => done(head));
    socket.once('close', () => done(head));
    if (head.length > 0) done(head);
    else socket.once('data', (data: Buffer) => done(data));
  });
}

/** `path` may be whatever a page says; it is asked of this site alone. */
function asked({ door, site, signal }: ProbeOptions, path: string, headers: Record<string, string>): RequestOptions {
  const { pathname, search } = URL.canParse(path, site.href) ? new URL(path, site) : site;
  return { ...door, path: pathname + search, signal, agent: false, headers: { host: site.host, ...headers } };
}
