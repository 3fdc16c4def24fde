// A stand-in for Cloudflare on loopback: the API that provisioning talks to, the edge that visitors come to, and the connector.
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
import { createControl } from './control.ts';
import type { Controlled } from './control.ts';
import { startEdge } from './edge/edge.ts';
import { cloudflareLimits } from './edge/limits.ts';
import type { EdgeLimits } from './edge/limits.ts';
import { Faults } from './faults.ts';
import { close, listen } from './listen.ts';
import type { DnsRecord } from './records.ts';
import { World } from './world.ts';
import type { Token, Tunnel, TunnelConfig } from './world.ts';

export interface StandInOptions {
  /** Default `localhost`: every browser finds `anything.localhost` on its own machine. */
  zoneName?: string;
  zoneId?: string;
  accountId?: string;
  token?: Partial<Token>;
  tunnel?: Partial<Tunnel>;
  /** What is saved already; default nothing (`config: null, version: 0`). */
  config?: TunnelConfig;
  /** What GET answers while nothing was ever saved; default 'null'. */
  unconfigured?: 'null' | 'not-found';
  recordQuota?: number;
  /** How long each API call takes on the way there and back together; default 0. */
  roundTripMs?: number;
  rateLimit?: Partial<RateLimit>;
  /** 0 (the default) takes a free port. */
  apiPort?: number;
  edgePort?: number;
  /** Default: the system's clock. Parts that are left out are the system's too. */
  clock?: Partial<Clock>;
  /** How long a saved configuration travels to the connector, in milliseconds; called for each save. Default 0. */
  pushDelayMs?: () => number;
  /** Limits of the edge that differ from Cloudflare's free plan. */
  limits?: Partial<EdgeLimits>;
}

export interface StandIn extends Controlled {
  /** Ends in /client/v4, as the real one does. */
  readonly apiUrl: string;
  /** http://127.0.0.1:PORT; sites are told apart by their Host, as in http://student1.localhost:PORT. */
  readonly edgeUrl: string;
  readonly edgePort: number;
  readonly accountId: string;
  readonly tunnelId: string;
  readonly zoneId: string;
  readonly token: string;
  /** Everything there is; read it and change it as you like. */
  readonly world: World;
  readonly faults: Faults;
  /** Every API call since the start or since `requests.length = 0`. */
  readonly requests: LoggedRequest[];
  /** May be changed at any time. */
  roundTripMs: number;
  /** Adds a hook around every API call, and returns the function that removes it. */
  onRequest: (hook: RequestHook) => () => void;
  /** A record that somebody else made, checked as the API would. */
  addRecord: (fields: Partial<DnsRecord>) => DnsRecord;
  /** Forgets what the edge has cached. */
  purgeCache: () => void;
  /** The API refuses connections, until `goOnline` listens on the same port again. */
  goOffline: () => Promise<void>;
  goOnline: () => Promise<void>;
  close: () => Promise<void>;
}

/** Starts API and edge; both answer when this resolves. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const clock: Clock = { ...systemClock, ...options.clock };
  const { now } = clock;
  const world = createWorld(options, clock);
  const { tunnel, zone } = world;
  const token = world.addToken(options.token);
  const hooks = new Set<RequestHook>();
  const controlled: Controlled = { world, faults: new Faults(), requests: [], roundTripMs: options.roundTripMs ?? 0 };
  const routes = [...accountRoutes, ...tunnelRoutes({ unconfigured: options.unconfigured ?? 'null' }), ...dnsRoutes];
  const countRequest = createRateLimiter({ ...cloudflareRateLimit, ...options.rateLimit }, now);
  const api = createApiServer({
    handle: createHandler({ world, routes, countRequest }),
    faults: controlled.faults,
    log: controlled.requests,
    roundTripMs: () => controlled.roundTripMs,
    control: createControl(controlled),
    hooks,
    now,
  });
  const edge = await startEdge({
    world,
    clock,
    limits: { ...cloudflareLimits, ...options.limits },
    port: options.edgePort,
  });
  const apiPort = await listen(api, options.apiPort).catch(async (error: unknown) => {
    await edge.close();
    throw error;
  });
  return Object.assign(controlled, {
    apiUrl: `http://127.0.0.1:${apiPort}/client/v4`,
    edgeUrl: `http://127.0.0.1:${edge.port}`,
    edgePort: edge.port,
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
    goOnline: async () => {
      await listen(api, apiPort);
    },
    purgeCache: () => edge.cache.purge(),
    close: async () => {
      for (const each of world.tunnels.values()) each.connector.stop();
      await Promise.all([close(api), edge.close()]);
    },
  });
}

function createWorld(options: StandInOptions, clock: Clock): World {
  const { zoneName = 'localhost', zoneId, accountId, recordQuota = 200, pushDelayMs } = options;
  const world = new World({ clock, pushDelayMs, zoneName, zoneId, accountId, recordQuota });
  const tunnel = world.addTunnel(options.tunnel);
  if (options.config) world.save(tunnel, options.config);
  return world;
}
