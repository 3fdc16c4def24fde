// Shared by the relay's tests: a dev server with a relay in front of it, and requests as the edge sends them.
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, RequestListener, Server } from 'node:http';
import { on, once } from 'node:events';
import { watch } from 'node:fs';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { local } from '../../src/relay/names.ts';
import { createRelay } from '../../src/relay/relay.ts';
import type { Relay, RelayOptions } from '../../src/relay/relay.ts';

export const SITE = new URL('https://student1.example.com');

/** Listens on a free loopback port and returns it. */
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

/** Starts a dev server, and a relay in front of it that counts it as its user's own, and calls it by local names unasked. */
export async function startHarness(
  listener: RequestListener,
  options: Partial<RelayOptions> = {},
): Promise<RelayHarness> {
  const server = createServer(listener);
  const serverPort = await listenOnFreePort(server);
  const relay = createRelay({ site: SITE, isOwn: () => true, ask: () => Promise.resolve(local), ...options });
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

/** Sends a request as cloudflared does, with the public Host. */
export async function fetchFrom(port: number, question: TestRequest = {}): Promise<TestResponse> {
  const response = await openResponse(port, question);
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** The same, but leaves the response's body to the caller. */
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

/** Responds with what a node server sees of the request, as JSON. */
export const echo: RequestListener = (incoming, outgoing) => {
  outgoing.setHeader('content-type', 'application/json');
  outgoing.end(JSON.stringify({ url: incoming.url, method: incoming.method, headers: incoming.headers }));
};

/** Builds relay.cjs in a folder, as esbuild.mjs does for what is shipped. @returns its path */
export async function buildRelay(folder: string): Promise<string> {
  const outfile = join(folder, 'relay.cjs');
  const source = new URL('../../src/relay/main.ts', import.meta.url).pathname;
  await build({ entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'cjs' });
  return outfile;
}

/** Waits until something in a folder changes after which the condition holds; at most 15 s. A condition that throws does not hold. */
export async function afterChange(folder: string, condition: () => Promise<boolean>): Promise<void> {
  const watcher = watch(folder);
  try {
    // `on` queues the changes that come during the condition; the watch of fs/promises loses them.
    const changes = on(watcher, 'change', { signal: AbortSignal.timeout(15_000) });
    do await changes.next();
    while (!(await condition().catch(() => false)));
  } finally {
    watcher.close();
  }
}
