// Routes a visitor's request: from the name through its DNS record to a tunnel, and through the connector's rules to a service.
import type { Connector } from '../connector/connector.ts';
import type { DnsRecord } from '../records.ts';
import type { IngressRule, Tunnel, World, Zone } from '../world.ts';

const tunnelDomain = '.cfargotunnel.com';

export interface Origin {
  kind: 'origin';
  connector: Connector;
  target: { protocol: 'http:' | 'https:' } & ({ host: string; port: number } | { socketPath: string });
  /** Replaces the request's Host where the rule says so. */
  hostHeader?: string | undefined;
  verifyTls: boolean;
}

export type Destination =
  | Origin
  /** A rule that answers a status and nothing else. */
  | { kind: 'status'; status: number }
  /** The edge's own error page. */
  | { kind: 'error'; status: number; code: number; reason: string };

/**
 * @param host in lower case, without a port
 * @param path without the query
 */
export function findDestination(world: World, host: string, path: string): Destination {
  const zone = zoneOf(world, host);
  if (!zone) return noRecord(host);
  const tunnel = tunnelOf(world, zone, host);
  if ('kind' in tunnel) return tunnel;
  if (!tunnel.connected) return error(530, 1033, `No connector runs for the tunnel ${tunnel.id}.`);
  const config = tunnel.source === 'cloudflare' ? tunnel.connector.config : undefined;
  const rules = config?.ingress ?? [];
  const rule = rules.find((each, index) => index === rules.length - 1 || matches(each, host, path));
  if (!rule) return { kind: 'status', status: 503 }; // cloudflared's answer while it has no rules
  return serviceOf(rule, { ...config?.originRequest, ...rule.originRequest }, tunnel.connector);
}

/** The zone that a name in lower case lies in. */
export function zoneOf(world: World, host: string): Zone | undefined {
  return [...world.zones.values()].find(({ name }) => host === name || host.endsWith(`.${name}`));
}

function tunnelOf(world: World, zone: Zone, host: string): Tunnel | Destination {
  const records = recordsFor(zone, host);
  const record = records.find(({ type }) => type === 'CNAME') ?? records[0];
  if (!record) return noRecord(host);
  if (!record.proxied)
    return error(530, 1016, `The DNS record of ${host} is not proxied, so no request of it comes here.`);
  if (!record.content.endsWith(tunnelDomain))
    return error(530, 1016, `The DNS record of ${host} leads to ${record.content}, which is no tunnel.`);
  const tunnel = world.tunnels.get(record.content.slice(0, -tunnelDomain.length));
  return tunnel ?? error(530, 1033, `The DNS record of ${host} leads to a tunnel that does not exist.`);
}

/** The records that answer for a name in lower case: its own, else those of the nearest wildcard above it. */
export function recordsFor(zone: Zone, host: string): readonly DnsRecord[] {
  const own = zone.records.named(host);
  if (own.length > 0) return own;
  for (let parent = parentOf(host); parent.length >= zone.name.length; parent = parentOf(parent)) {
    const wildcard = zone.records.named(`*.${parent}`);
    if (wildcard.length > 0) return wildcard;
    if (zone.records.named(parent).length > 0) break; // a name that exists hides the wildcards above it
  }
  return [];
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

/** As cloudflared compares (ingress/rule.go): `*.x` is a suffix, and a path is a regular expression found anywhere. */
function matches(rule: IngressRule, host: string, path: string): boolean {
  const { hostname = '', path: pattern = '' } = rule;
  const hostMatches =
    hostname === '' ||
    hostname === '*' ||
    hostname === host ||
    (hostname.startsWith('*.') && host.endsWith(hostname.slice(1)));
  return hostMatches && (pattern === '' || new RegExp(pattern).test(path));
}

function serviceOf({ service }: IngressRule, settings: Record<string, unknown>, connector: Connector): Destination {
  const hostHeader =
    typeof settings.httpHostHeader === 'string' && settings.httpHostHeader !== '' ? settings.httpHostHeader : undefined;
  const common = { kind: 'origin', connector, verifyTls: settings.noTLSVerify !== true } as const;
  const status = /^http_status:(\d+)$/.exec(service)?.[1];
  if (status !== undefined) return { kind: 'status', status: Number(status) };
  // cloudflared ignores httpHostHeader for a Unix socket.
  const socket = /^unix(\+tls)?:(.*)$/.exec(service);
  if (socket)
    return {
      ...common,
      target: { protocol: socket[1] === undefined ? 'http:' : 'https:', socketPath: socket[2] ?? '' },
    };
  const url = URL.canParse(service) ? new URL(service) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    return error(502, 502, `This stand-in does not serve ${service}.`);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return {
    ...common,
    hostHeader,
    target: { protocol: url.protocol, host: url.hostname.replace(/^\[|\]$/g, ''), port },
  };
}

function noRecord(host: string): Destination {
  return error(530, 1016, `There is no DNS record for ${host}.`);
}

function error(status: number, code: number, reason: string): Destination {
  return { kind: 'error', status, code, reason };
}
