// The rules by which cloudflared (ingress/ingress.go) and with it the API judge a tunnel's configuration, in cloudflared's words.
// They are written apart from the program's own check on purpose: one shared mistake would pass unseen.
import type { IngressRule, TunnelConfig } from '../world.ts';

const namedServices = new Set(['hello_world', 'hello-world', 'bastion', 'socks-proxy']);

/** Why cloudflared would not load these rules; undefined where it would. Keys that it does not know are no reason. */
export function whyInvalid(config: unknown): string | undefined {
  if (!isObject(config)) return 'The configuration must be an object';
  const { ingress } = config;
  if (!Array.isArray(ingress) || ingress.length === 0) return "The config file doesn't contain any ingress rules";
  const allBastion = isBastion(config.originRequest);
  for (const [index, rule] of ingress.entries()) {
    const reason = whyRuleInvalid(rule, index, ingress.length, allBastion);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

export function isValid(config: unknown): config is TunnelConfig {
  return whyInvalid(config) === undefined;
}

function whyRuleInvalid(rule: unknown, index: number, total: number, allBastion: boolean): string | undefined {
  if (!isObject(rule) || typeof rule.service !== 'string') return `Rule #${index + 1} has no service`;
  const { service } = rule;
  const hostname = rule.hostname ?? '';
  const path = rule.path ?? '';
  if (typeof hostname !== 'string' || typeof path !== 'string')
    return `Rule #${index + 1}: hostname and path must be strings`;
  return (
    whyServiceInvalid(service, isBastion(rule.originRequest) || allBastion) ??
    whyHostnameInvalid({ hostname, path, service }, index, total) ??
    whyPathInvalid(path, index)
  );
}

function whyServiceInvalid(service: string, bastion: boolean): string | undefined {
  if (service.startsWith('unix:') || service.startsWith('unix+tls:')) return undefined;
  if (service.startsWith('http_status:')) {
    const digits = service.slice('http_status:'.length);
    const status = /^[+-]?\d+$/.test(digits) ? Number(digits) : 0;
    return status >= 100 && status <= 999 ? undefined : `invalid HTTP status code: ${digits}`;
  }
  if (namedServices.has(service) || bastion) return undefined;
  const url = parseAsGo(service);
  if (!url || url.hostname === '')
    return `${service} is an invalid address, please make sure it has a scheme and a hostname`;
  if (url.path !== '') {
    return `${service} is an invalid address, ingress rules don't support proxying to a different path on the origin service. The path will be the same as the eyeball request's path`;
  }
  return undefined;
}

/**
 * The parts that Go's url.Parse finds in an address with a host; undefined where it finds an error or no host. A query and a
 * fragment are no part of the path, and a port is any number of digits.
 */
function parseAsGo(address: string): { hostname: string; path: string } | undefined {
  // eslint-disable-next-line no-control-regex -- Go refuses exactly these
  if (/[\x00-\x1f\x7f]/.test(address)) return undefined;
  const [beforeFragment = ''] = address.split('#', 1);
  const [hierarchy = ''] = beforeFragment.split('?', 1);
  const colon = hierarchy.indexOf(':');
  if (!/^[a-z][a-z0-9+.-]*$/i.test(hierarchy.slice(0, Math.max(colon, 0)))) return undefined;
  const rest = hierarchy.slice(colon + 1);
  if (!rest.startsWith('//')) return undefined;
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const parts = /^(\[[0-9a-f:.%]*\]|[^:[\]]*)(:\d*)?$/i.exec(host);
  if (!parts || /[\s\\^`{|}%]/.test(parts[1]?.replace(/^\[.*\]$/, '') ?? '')) return undefined;
  return { hostname: parts[1]?.replace(/^\[|\]$/g, '') ?? '', path: slash < 0 ? '' : rest.slice(slash) };
}

function whyHostnameInvalid(rule: IngressRule, index: number, total: number): string | undefined {
  const { hostname = '', path = '' } = rule;
  if (hasPort(hostname)) return 'Hostname cannot contain a port';
  if (hostname.lastIndexOf('*') > 0) {
    return 'Hostname patterns can have at most one wildcard character ("*") and it can only be used for subdomains, e.g. "*.example.com"';
  }
  const catchesAll = (hostname === '' || hostname === '*') && path === '';
  const last = index === total - 1;
  if (last && !catchesAll)
    return 'The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)';
  if (!last && catchesAll) {
    return `Rule #${index + 1} is matching the hostname '${hostname}', but this will match every hostname, meaning the rules which follow it will never be triggered.`;
  }
  return undefined;
}

/** Go's net.SplitHostPort finds a port: after one colon, or after a host in brackets. */
function hasPort(hostname: string): boolean {
  return /^([^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(hostname);
}

/** Go's regular expressions know neither lookaround nor backreferences. Its flags and named groups are written differently here. */
function whyPathInvalid(path: string, index: number): string | undefined {
  const unescaped = path.replace(/\\[^1-9]/g, '');
  if (/\(\?(<?[=!])|\\[1-9]/.test(unescaped)) return `Rule #${index + 1} has an invalid regex`;
  try {
    new RegExp(path.replace(/\(\?P</g, '(?<').replace(/\(\?[imsU-]+(:|\))/g, (_, end) => (end === ':' ? '(?:' : '')));
    return undefined;
  } catch {
    return `Rule #${index + 1} has an invalid regex`;
  }
}

function isBastion(originRequest: unknown): boolean {
  return isObject(originRequest) && originRequest.bastionMode === true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
