// The rules by which cloudflared (ingress/ingress.go) and with it the API judge a tunnel's configuration, with cloudflared's words.
// Written apart from the program's own validation on purpose: the stand-in would be no judge if both were one.
import type { IngressRule, TunnelConfig } from '../world.ts';

const namedServices = new Set(['hello_world', 'hello-world', 'bastion', 'socks-proxy']);

/** Why cloudflared would not load this configuration; undefined when it would. Keys that it does not know are no reason. */
export function whyInvalid(config: unknown): string | undefined {
  if (!isObject(config)) return 'The configuration must be an object';
  const { ingress } = config;
  if (!Array.isArray(ingress) || ingress.length === 0) return "The config file doesn't contain any ingress rules";
  for (const [index, rule] of ingress.entries()) {
    const reason = whyRuleInvalid(rule, index, ingress.length);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

export function isValid(config: unknown): config is TunnelConfig {
  return whyInvalid(config) === undefined;
}

function whyRuleInvalid(rule: unknown, index: number, total: number): string | undefined {
  if (!isObject(rule) || typeof rule.service !== 'string') return `Rule #${index + 1} has no service`;
  const { hostname = '', path = '', service } = rule;
  if (typeof hostname !== 'string' || typeof path !== 'string')
    return `Rule #${index + 1}: hostname and path must be strings`;
  return (
    whyServiceInvalid(service) ??
    whyHostnameInvalid({ hostname, path, service }, index, total) ??
    whyPathInvalid(path, index)
  );
}

function whyServiceInvalid(service: string): string | undefined {
  if (namedServices.has(service) || /^unix(\+tls)?:./.test(service)) return undefined;
  if (service.startsWith('http_status:')) {
    return /^http_status:[1-9]\d\d$/.test(service) ? undefined : `invalid HTTP status code: ${service}`;
  }
  // Go's parser keeps the path as it is written, so `http://localhost:80/` has one too.
  const address = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)(.*)$/i.exec(service);
  if (!address || !URL.canParse(service))
    return `${service} is an invalid address, please make sure it has a scheme and a hostname`;
  if (address[2] !== '') {
    return `${service} is an invalid address, ingress rules don't support proxying to a different path on the origin service. The path will be the same as the eyeball request's path`;
  }
  return undefined;
}

function whyHostnameInvalid(rule: IngressRule, index: number, total: number): string | undefined {
  const { hostname = '', path = '' } = rule;
  if (hostname.includes(':')) return 'Hostname cannot contain a port';
  if (hostname.includes('/')) return 'Hostname cannot contain a scheme or a path';
  if (hostname !== '*' && hostname.replace(/^\*\./, '').includes('*')) {
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

function whyPathInvalid(path: string, index: number): string | undefined {
  try {
    new RegExp(path);
    return undefined;
  } catch {
    return `Rule #${index + 1} has an invalid regex`;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
