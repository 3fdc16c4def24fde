// Small things that the relay's tests share: a dev server of the test's own, and a visitor who sends what the edge would send.
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, RequestListener, Server } from 'node:http';
import { on, once } from 'node:events';
import { watch } from 'node:fs';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { createRelay } from '../../src/relay/relay.ts';
import type { Relay, RelayOptions } from '../../src/relay/relay.ts';

export const SITE = new URL('https://student1.example.com');

/** Listens on a free loopback port and says which. */
export async function listenOnFreePort(server: TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export interface RelayHarness {
  relay: Relay;
  relayPort: number;
  server: Server;
  serverPort: number;
  close(): void;
}

/** A dev server, and a relay before it that takes it for its user's own. */
export async function startHarness(
  answer: RequestListener,
  options: Partial<RelayOptions> = {},
): Promise<RelayHarness> {
  const server = createServer(answer);
  const serverPort = await listenOnFreePort(server);
  const relay = createRelay({ site: SITE, isOwn: () => true, ...options });
  relay.setTarget({ port: serverPort, address: '127.0.0.1' });
  const relayPort = await listenOnFreePort(relay.server);
  const close = (): void => {
    relay.close();
    server.close();
    server.closeAllConnections();
  };
  return { relay, relayPort, server, serverPort, close };
}

export interface TestResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface TestRequest {
  path?: string;
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

/** Asks as cloudflared does: with the public Host. */
export async function fetchFrom(port: number, question: TestRequest = {}): Promise<TestResponse> {
  const response = await openResponse(port, question);
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** The same, but the answer's body is left for the caller. */
export async function openResponse(
  port: number,
  { path = '/', method = 'GET', headers = {}, body }: TestRequest = {},
): Promise<IncomingMessage> {
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent: false,
    headers: {
      host: SITE.host,
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

/** What an Express or node server sees of a request, sent back as JSON. */
export const echo: RequestListener = (incoming, outgoing) => {
  outgoing.setHeader('content-type', 'application/json');
  outgoing.end(JSON.stringify({ url: incoming.url, method: incoming.method, headers: incoming.headers }));
};

/** Waits until something in a directory changes after which `isSo` holds; at most 15 s. A failing `isSo` counts as no. */
export async function afterChange(directory: string, isSo: () => Promise<boolean>): Promise<void> {
  const watcher = watch(directory);
  try {
    // `on` keeps what comes while `isSo` is asked; the watch of fs/promises loses it.
    const changes = on(watcher, 'change', { signal: AbortSignal.timeout(15_000) });
    do await changes.next();
    while (!(await isSo().catch(() => false)));
  } finally {
    watcher.close();
  }
}
