// The state of the stand-in: one account with its tokens and tunnels, and the zones with their records. It speaks no HTTP.
import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { Connector } from './connector/connector.ts';
import { RecordSet } from './records.ts';

/** A token's permission. `edit` includes `read`, as it does at Cloudflare. */
export type Scope =
  'tunnel:edit' | 'tunnel:read' | 'dns:edit' | 'dns:read' | 'zone:read' | 'settings:read' | 'ssl:read' | 'bots:read';

export interface Token {
  id: string;
  value: string;
  scopes: Scope[];
  status: 'active' | 'disabled' | 'expired';
  /** A token that belongs to a user is verified at /user/tokens/verify, one of the account at /accounts/{id}/tokens/verify. */
  owner: 'user' | 'account';
  /** Whose token it is. All tokens of one user share one rate limit. */
  user: string;
}

export interface IngressRule {
  hostname?: string;
  path?: string;
  service: string;
  originRequest?: Record<string, unknown>;
  [key: string]: unknown;
}

/** A tunnel's configuration, kept as it was sent, with keys that the stand-in does not know. */
export interface TunnelConfig {
  ingress: IngressRule[];
  originRequest?: Record<string, unknown>;
  [key: string]: unknown;
}

export interface Tunnel {
  id: string;
  name: string;
  secret: string;
  /** `local`: cloudflared reads a file on its own machine, and ignores configurations that the API saves. */
  source: 'cloudflare' | 'local';
  /** Whether the connector is connected to the edge; otherwise the edge answers 1033. */
  connected: boolean;
  connector: Connector;
  /** Counts every save; 0 means that nothing was ever saved. */
  version: number;
  config: TunnelConfig | null;
  createdAt: string;
  savedAt: string;
}

export interface Zone {
  id: string;
  name: string;
  /** The number of records that the zone may hold; 200 on a free zone made since 2024-09. */
  quota: number;
  records: RecordSet;
  /** "Email Address Obfuscation", on in new zones: the edge rewrites addresses in HTML. */
  emailObfuscation: boolean;
  /** Settings that the stand-in shows and does not act on. */
  settings: Record<string, string | number>;
  /** Bot Fight Mode; shown only. */
  fightMode: boolean;
  /** The hosts and the status of the zone's universal certificate; shown only. */
  certificate: { hosts: string[]; status: string };
}

export interface WorldOptions {
  clock?: Clock | undefined;
  /** The time from a save until it reaches the connector, in milliseconds; called for each save. Default 0. */
  pushDelayMs?: (() => number) | undefined;
  zoneName: string;
  zoneId?: string | undefined;
  accountId?: string | undefined;
  recordQuota: number;
}

export class World {
  readonly accountId: string;
  readonly tokens = new Map<string, Token>();
  readonly tunnels = new Map<string, Tunnel>();
  readonly zones = new Map<string, Zone>();
  readonly #clock: Clock;
  readonly #pushDelayMs: () => number;

  constructor(options: WorldOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#pushDelayMs = options.pushDelayMs ?? (() => 0);
    this.accountId = options.accountId ?? newId();
    this.addZone({ name: options.zoneName, id: options.zoneId, quota: options.recordQuota });
  }

  /** The first tunnel; the only one in most tests. */
  get tunnel(): Tunnel {
    return first(this.tunnels, 'tunnel');
  }

  /** The first zone; the only one in most tests. */
  get zone(): Zone {
    return first(this.zones, 'zone');
  }

  /** The time as the API writes it. */
  timestamp(): string {
    return new Date(this.#clock.now()).toISOString();
  }

  addZone(zone: { name: string; id?: string | undefined; quota?: number }): Zone {
    const { name, id = newId(), quota = 200 } = zone;
    const added: Zone = {
      id,
      name,
      quota,
      records: new RecordSet(),
      emailObfuscation: true,
      settings: { rocket_loader: 'off', browser_cache_ttl: 14_400 },
      fightMode: false,
      certificate: { hosts: [name, `*.${name}`], status: 'active' },
    };
    this.zones.set(added.id, added);
    return added;
  }

  addToken(token: Partial<Token> = {}): Token {
    const added: Token = {
      id: newId(),
      value: randomBytes(20).toString('hex'),
      scopes: ['tunnel:edit', 'dns:edit', 'zone:read'],
      status: 'active',
      owner: 'user',
      user: 'teacher',
      ...token,
    };
    this.tokens.set(added.value, added);
    return added;
  }

  addTunnel(tunnel: Partial<Tunnel> = {}): Tunnel {
    const added: Tunnel = {
      id: randomUUID(),
      name: 'classroom',
      secret: randomBytes(32).toString('base64'),
      source: 'cloudflare',
      connected: true,
      connector: new Connector({ clock: this.#clock, pushDelayMs: this.#pushDelayMs }),
      version: 0,
      config: null,
      createdAt: this.timestamp(),
      savedAt: this.timestamp(),
      ...tunnel,
    };
    this.tunnels.set(added.id, added);
    return added;
  }

  /** Replaces a tunnel's whole configuration, as every save does, and sends it to the connector. */
  save(tunnel: Tunnel, config: TunnelConfig): void {
    tunnel.config = config;
    tunnel.version += 1;
    tunnel.savedAt = this.timestamp();
    if (tunnel.connected) tunnel.connector.push(tunnel.version, config);
  }

  /** cloudflared ends: the edge answers 1033, and everything that cloudflared carried is cut. */
  stopConnector(tunnel: Tunnel = this.tunnel): void {
    tunnel.connected = false;
    tunnel.connector.stop();
  }

  /** cloudflared starts: it is connected, and answers 503 until the saved configuration has arrived. */
  startConnector(tunnel: Tunnel = this.tunnel): void {
    tunnel.connected = true;
    if (tunnel.config) tunnel.connector.push(tunnel.version, tunnel.config);
  }

  /**
   * Saves as an outside writer does in the dashboard while a program is at work.
   * @param edit gets a copy of the configuration (one with only a catch-all where there was none) and returns what is saved
   */
  saveInDashboard(edit: (config: TunnelConfig) => TunnelConfig, tunnel: Tunnel = this.tunnel): void {
    this.save(tunnel, edit(structuredClone(tunnel.config ?? { ingress: [{ service: 'http_status:404' }] })));
  }
}

/** An identifier as Cloudflare makes them: 32 hexadecimal digits. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}

function first<T>(items: Map<string, T>, what: string): T {
  for (const item of items.values()) return item;
  throw new Error(`This stand-in has no ${what}.`);
}
