// A stand-in for Cloudflare on loopback: the API that provisioning talks to, the edge that visitors come to, and the connector.
import type { Server } from 'node:http';
import { accountRoutes } from './api/accountApi.ts';
import { dnsRoutes } from './api/dnsApi.ts';
import { cloudflareRateLimit, createRateLimiter } from './api/rateLimit.ts';
import type { RateLimit } from './api/rateLimit.ts';
import { checkedRecord, place } from './api/recordRules.ts';
import { createHandler } from './api/routes.ts';
import { createApiServer } from './api/server.ts';
import type { LoggedRequest, RequestHook } from './api/server.ts';
import { tunnelRoutes } from './api/tunnelApi.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { createMetricsServer } from './connector/metrics.ts';
import { createControl } from './control.ts';
import type { Controlled } from './control.ts';
import { startEdge } from './edge/edge.ts';
import { cloudflareLimits } from './edge/limits.ts';
import type { EdgeLimits } from './edge/limits.ts';
import { Faults } from './faults.ts';
import { close, listen } from './listen.ts';
import type { DnsRecord } from './records.ts';
import { Resolver } from './resolver.ts';
import { World } from './world.ts';
import type { Token, Tunnel, TunnelConfig } from './world.ts';

export interface StandInOptions {
  /** Default `localhost`: every browser resolves `anything.localhost` to its own machine. */
  zoneName?: string;
  zoneId?: string;
  accountId?: string;
  token?: Partial<Token>;
  tunnel?: Partial<Tunnel>;
  /** The configuration that is saved and applied from the start; default none (`config: null, version: 0`). */
  config?: TunnelConfig;
  /** The answer to GET while nothing was ever saved; default 'null'. */
  unconfigured?: 'null' | 'not-found';
  recordQuota?: number;
  /** The round trip of each API call, in milliseconds; default 0. */
  roundTripMs?: number;
  rateLimit?: Partial<RateLimit>;
  /** 0 (the default) takes a free port. */
  apiPort?: number;
  edgePort?: number;
  /** Default: the system's clock. Parts that are left out are the system's too. */
  clock?: Partial<Clock>;
  /** The time from a save until it reaches the connector, in milliseconds; called for each save. Default 0; `randomPushDelay` is more like it. */
  pushDelayMs?: () => number;
  /** Limits of the edge that differ from Cloudflare's free plan. */
  limits?: Partial<EdgeLimits>;
}

export interface StandIn extends Controlled {
  /** Ends in /client/v4, as the real one does. */
  readonly apiUrl: string;
  /** http://127.0.0.1:PORT; the Host selects the site, as in http://student1.localhost:PORT. */
  readonly edgeUrl: string;
  readonly edgePort: number;
  /** http://127.0.0.1:PORT: the local server of the first tunnel's connector, as of `cloudflared --metrics`. */
  readonly connectorUrl: string;
  /** A visitor's DNS resolver, which remembers names that did not exist. */
  readonly resolver: Resolver;
  readonly accountId: string;
  readonly tunnelId: string;
  readonly zoneId: string;
  readonly token: string;
  /** The whole state. Tests read it and change it. */
  readonly world: World;
  readonly faults: Faults;
  /** Every API call since the start or since `requests.length = 0`. */
  readonly requests: LoggedRequest[];
  /** May be changed at any time. */
  roundTripMs: number;
  /** Adds a hook around every API call, and returns the function that removes it. */
  onRequest: (hook: RequestHook) => () => void;
  /** Adds a record that another person made, checked as the API checks it. */
  addRecord: (fields: Partial<DnsRecord>) => DnsRecord;
  /** Empties the edge's cache. */
  purgeCache: () => void;
  /** The API refuses connections, until `goOnline` listens on the same port again. */
  goOffline: () => Promise<void>;
  goOnline: () => Promise<void>;
  /** cloudflared ends: everything it carries is cut, its local server is gone, and the edge answers 1033. */
  stopConnector: () => Promise<void>;
  /** cloudflared starts, with its local server on the same port; it answers 503 until its configuration has arrived. */
  startConnector: () => Promise<void>;
  close: () => Promise<void>;
}

/** Starts API, edge and connector; all of them answer when this resolves. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const clock: Clock = { ...systemClock, ...options.clock };
  const world = createWorld(options, clock);
  const { tunnel, zone } = world;
  const token = world.addToken(options.token);
  const hooks = new Set<RequestHook>();
  const controlled: Controlled = { world, faults: new Faults(), requests: [], roundTripMs: options.roundTripMs ?? 0 };
  const api = createApi(options, controlled, hooks, clock);
  const limits = { ...cloudflareLimits, ...options.limits };
  const edge = await startEdge({ world, clock, limits, port: options.edgePort });
  const metrics = createMetricsServer(tunnel);
  const metricsPort = await listen(metrics);
  const apiPort = await listen(api, options.apiPort).catch(async (error: unknown) => {
    await Promise.all([edge.close(), close(metrics)]);
    throw error;
  });
  return Object.assign(controlled, {
    apiUrl: `http://127.0.0.1:${apiPort}/client/v4`,
    edgeUrl: `http://127.0.0.1:${edge.port}`,
    edgePort: edge.port,
    connectorUrl: `http://127.0.0.1:${metricsPort}`,
    resolver: new Resolver(world, clock),
    accountId: world.accountId,
    tunnelId: tunnel.id,
    zoneId: zone.id,
    token: token.value,
    onRequest: (hook: RequestHook) => {
      hooks.add(hook);
      return () => void hooks.delete(hook);
    },
    addRecord: (fields: Partial<DnsRecord>) => {
      const record = checkedRecord(fields, zone, world.timestamp());
      place(record, zone.records, zone.quota);
      return record;
    },
    goOffline: () => close(api),
    goOnline: () => listen(api, apiPort).then(() => undefined),
    stopConnector: () => {
      world.stopConnector(tunnel);
      return close(metrics);
    },
    startConnector: () => listen(metrics, metricsPort).then(() => world.startConnector(tunnel)),
    purgeCache: () => edge.cache.purge(),
    close: async () => {
      for (const each of world.tunnels.values()) each.connector.stop();
      await Promise.all([close(api), edge.close(), close(metrics)]);
    },
  });
}

function createApi(
  { unconfigured = 'null', rateLimit }: StandInOptions,
  controlled: Controlled,
  hooks: ReadonlySet<RequestHook>,
  { now }: Clock,
): Server {
  const { world, faults, requests } = controlled;
  const routes = [...accountRoutes, ...tunnelRoutes({ unconfigured }), ...dnsRoutes];
  const countRequest = createRateLimiter({ ...cloudflareRateLimit, ...rateLimit }, now);
  return createApiServer({
    handle: createHandler({ world, routes, countRequest }),
    faults,
    log: requests,
    roundTripMs: () => controlled.roundTripMs,
    control: createControl(controlled),
    hooks,
    now,
  });
}

function createWorld(options: StandInOptions, clock: Clock): World {
  const { zoneName = 'localhost', zoneId, accountId, recordQuota = 200, pushDelayMs } = options;
  const world = new World({ clock, pushDelayMs, zoneName, zoneId, accountId, recordQuota });
  const tunnel = world.addTunnel(options.tunnel);
  if (options.config) {
    world.save(tunnel, options.config);
    tunnel.connector.push(tunnel.version, options.config, 0);
  }
  return world;
}
