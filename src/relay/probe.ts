// Asks a site what a visitor's browser will ask it, with the public names, to know whether "live" is true. The answers are judged in verdict.ts.
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DevServerName } from './devServers.ts';
import { judge, planSockets, viteClientPath } from './verdict.ts';
import type { Findings, Reply, SocketPlan, SocketReply, Verdict } from './verdict.ts';

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
/** How long an opened WebSocket may keep silent before silence counts as assent. Milliseconds. */
const HELLO_LIMIT = 1_000;

/** GET /, Vite's client where the page has one, and the WebSocket that the page will open. Three requests at most; never rejects. */
export async function probe(options: ProbeOptions): Promise<Verdict> {
  const { site, server } = options;
  const page = await get(options, '/', 'text/html,*/*;q=0.8');
  const findings: Findings = { site, server, page, socket: undefined };
  if (page === undefined || page.status >= 400) return judge(findings);
  const clientPath = viteClientPath(page);
  const client = clientPath === undefined ? undefined : await get(options, new URL(clientPath, site).pathname, '*/*');
  const plans = planSockets(server, page, client?.body);
  return judge({ ...findings, socket: plans.length === 0 ? undefined : await firstAnswered(options, plans) });
}

/** A server leaves a WebSocket at a path that it does not know without any answer, so the one that answers is the one. */
async function firstAnswered(options: ProbeOptions, plans: readonly SocketPlan[]): Promise<SocketReply | 'silent'> {
  const answered = new AbortController();
  const signal = AbortSignal.any([options.signal, answered.signal]);
  try {
    return await Promise.any(plans.map((plan) => upgrade({ ...options, signal }, plan)));
  } catch {
    return 'silent';
  } finally {
    answered.abort();
  }
}

async function get(options: ProbeOptions, path: string, accept: string): Promise<Reply | undefined> {
  const sent = request(asked(options, path, { accept }));
  sent.end();
  return new Promise((resolve) => {
    sent.on('error', () => resolve(undefined));
    sent.on('response', (response) => void readReply(response).then(resolve));
  });
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const reply: Reply = { status: response.statusCode ?? 0, headers: response.headers, body: '' };
  try {
    for await (const chunk of response) {
      reply.body += String(chunk);
      if (reply.body.length > READ_LIMIT) break;
    }
  } catch {
    // what came is what there is
  }
  return reply;
}

/** Opens the WebSocket, waits for the first words, since some servers say only then that they refuse, and closes it. @throws where nothing answers */
async function upgrade(options: ProbeOptions, plan: SocketPlan): Promise<SocketReply> {
  const sent: ClientRequest = request(asked(options, plan.path, {
    origin: options.site.origin, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...plan.protocol !== undefined && { 'sec-websocket-protocol': plan.protocol },
  }));
  sent.end();
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => void readReply(response).then(({ status, body }) => resolve({ status, said: body })));
    sent.on('upgrade', (response, socket, head) => void firstWords(socket, head).then((said) => resolve({ status: response.statusCode ?? 0, said })));
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

function asked({ door, site, signal }: ProbeOptions, path: string, headers: Record<string, string>): RequestOptions {
  return { ...door, path, signal, agent: false, headers: { host: site.host, ...headers } };
}
