// A stand-in with servers behind it, and a visitor who asks its edge for pages.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { startStandIn } from '../../standin/standIn.ts';
import type { StandIn, StandInOptions } from '../../standin/standIn.ts';

export interface Visit {
  address?: string;
  method?: string;
  body?: Readable | Buffer;
  headers?: OutgoingHttpHeaders;
}

export interface Visitor {
  standIn: StandIn;
  /** Starts a server on a free port of this address, or on a Unix socket; `service` is its address for a rule. */
  origin: (
    listener: RequestListener,
    listenOn?: '127.0.0.1' | '::1' | 'socket',
  ) => Promise<Server & { service: string }>;
  /** Makes the record and the rule for NAME.localhost, as the program does. */
  publish: (name: string, service: string, originRequest?: Record<string, unknown>) => void;
  get: (name: string, path?: string, visit?: Visit) => Promise<IncomingMessage>;
  /** The status and the body. */
  page: (name: string, path?: string, visit?: Visit) => Promise<[number | undefined, string]>;
  openSocket: (name: string) => WebSocket;
  close: () => Promise<void>;
}

/** @param options by default, a saved configuration reaches the connector at once */
export async function startVisitor(options: StandInOptions = {}): Promise<Visitor> {
  const standIn = await startStandIn({ pushDelayMs: () => 0, ...options });
  const origins: Server[] = [];
  let folder: string | undefined;
  const get: Visitor['get'] = async (
    name,
    path = '/',
    { address = '127.0.0.1', method = 'GET', body, headers } = {},
  ) => {
    const host = `${name}.localhost:${standIn.edgePort}`;
    const sent = request({
      host: address,
      port: standIn.edgePort,
      path,
      method,
      headers: { host, ...headers },
      agent: false,
    });
    if (body && !Buffer.isBuffer(body)) body.pipe(sent);
    else sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  };
  return {
    standIn,
    get,
    page: async (...visit) => {
      const response = await get(...visit);
      return [response.statusCode, await text(response)];
    },
    origin: async (listener, listenOn = '127.0.0.1') => {
      folder ??= await mkdtemp(join(tmpdir(), 'edge-'));
      const path = join(folder, `${origins.length}.sock`);
      const server = createServer(listener).listen(listenOn === 'socket' ? { path } : { port: 0, host: listenOn });
      origins.push(server);
      await once(server, 'listening');
      const address = server.address() as AddressInfo | string;
      const service = typeof address === 'string' ? `unix:${address}` : `http://localhost:${address.port}`;
      return Object.assign(server, { service });
    },
    publish: (name, service, originRequest = {}) => {
      standIn.addRecord({ type: 'CNAME', name, content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
      standIn.world.saveInDashboard((config) => ({
        ...config,
        ingress: [{ hostname: `${name}.localhost`, service, originRequest }, ...config.ingress],
      }));
    },
    openSocket: (name) =>
      new WebSocket(standIn.edgeUrl.replace('http', 'ws'), { headers: { host: `${name}.localhost` } }),
    close: async () => {
      await standIn.close();
      for (const origin of origins) origin.close().closeAllConnections();
      if (folder !== undefined) await rm(folder, { recursive: true });
    },
  };
}
