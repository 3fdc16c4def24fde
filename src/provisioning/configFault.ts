// Finds the value in a tunnel's configuration for which cloudflared would refuse all of it.
import type { IngressRule, TunnelConfig } from './ingress.ts';

/** The type that cloudflared decodes a value into: one of `kinds`, a list, or an object with these keys. */
type Shape = keyof typeof kinds | readonly [Shape] | { readonly [key: string]: Shape };

const kinds = {
  seconds: { name: 'a whole number of seconds', accepts: (value: unknown) => Number.isSafeInteger(value) },
  integer: { name: 'a whole number', accepts: (value: unknown) => Number.isSafeInteger(value) },
  count: {
    name: 'a whole number from 0',
    accepts: (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  boolean: { name: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' },
  text: { name: 'a text', accepts: (value: unknown) => typeof value === 'string' },
} as const;

/** Keys that are not named here are ignored, as cloudflared does. */
const originRequestShape: Shape = {
  connectTimeout: 'seconds',
  tlsTimeout: 'seconds',
  tcpKeepAlive: 'seconds',
  keepAliveTimeout: 'seconds',
  keepAliveConnections: 'integer',
  noHappyEyeballs: 'boolean',
  noTLSVerify: 'boolean',
  matchSNItoHost: 'boolean',
  disableChunkedEncoding: 'boolean',
  http2Origin: 'boolean',
  bastionMode: 'boolean',
  httpHostHeader: 'text',
  originServerName: 'text',
  caPool: 'text',
  proxyAddress: 'text',
  proxyPort: 'count',
  proxyType: 'text',
  access: { required: 'boolean', teamName: 'text', audTag: ['text'] },
  ipRules: [{ prefix: 'text', ports: ['integer'], allow: 'boolean' }],
};
const ruleShape: Shape = { hostname: 'text', path: 'text', service: 'text' };
const warpRoutingShape: Shape = {
  enabled: 'boolean',
  connectTimeout: 'seconds',
  tcpKeepAlive: 'seconds',
  maxActiveFlows: 'count',
};

/**
 * Why cloudflared would refuse this configuration; undefined if it would not. The API accepts it nevertheless, and cloudflared
 * then keeps its old configuration whole. The rules are those of cloudflared's ingress/ingress.go and ingress/config.go, except
 * that a `caPool` file is not looked for: the connector may run on another machine.
 */
export function findConfigFault(config: TunnelConfig): string | undefined {
  const rules = config.ingress ?? [];
  if (rules.length === 0) return 'there is no rule';
  const forAll =
    findOriginRequestFault(config['originRequest'], { access: false }) ??
    findShapeFault(config['warp-routing'], warpRoutingShape, 'warp-routing');
  if (forAll) return forAll;
  const isBastion = bastionMode(config['originRequest']);
  for (const [index, rule] of rules.entries()) {
    const fault = findRuleFault(rule, index === rules.length - 1, isBastion);
    if (fault) return `rule ${index + 1} (${rule.hostname ?? 'catch-all'}): ${fault}`;
  }
  return undefined;
}

/** A value that only the connector's machine can check, with its rule and key: cloudflared refuses a configuration that names a missing file. */
export function findUncheckedFile(config: TunnelConfig): string | undefined {
  const shared = caPoolOf(config['originRequest']);
  if (shared) return `originRequest.caPool names the file ${shared}`;
  for (const [index, rule] of (config.ingress ?? []).entries()) {
    const file = caPoolOf(rule.originRequest);
    if (file) return `rule ${index + 1} (${rule.hostname ?? 'catch-all'}): originRequest.caPool names the file ${file}`;
  }
  return undefined;
}

function caPoolOf(originRequest: unknown): string | undefined {
  const { caPool } = (originRequest ?? {}) as { caPool?: unknown };
  return typeof caPool === 'string' && caPool !== '' ? caPool : undefined;
}

/**
 * Why cloudflared would refuse an `originRequest`; undefined if it would not. The fault begins with the path of the key.
 * @param checks `access: false` for the one of all rules: cloudflared looks for the team's name in those of single rules only
 */
export function findOriginRequestFault(originRequest: unknown, checks = { access: true }): string | undefined {
  const fault = findShapeFault(originRequest, originRequestShape, 'originRequest');
  if (fault || !checks.access) return fault;
  const { access } = (originRequest ?? {}) as {
    access?: { required?: boolean; teamName?: string; audTag?: readonly string[] } | null;
  };
  return access?.required && !access.teamName && access.audTag && access.audTag.length > 0
    ? 'originRequest.access.teamName must be there beside access.audTag'
    : undefined;
}

/** Go decodes `null` into any type, and finds a key in upper or lower case. */
function findShapeFault(value: unknown, shape: Shape, path: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof shape === 'string') {
    const { name, accepts } = kinds[shape];
    return accepts(value) ? undefined : `${path} must be ${name}, and is ${JSON.stringify(value)}`;
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return `${path} must be a list`;
    return firstFault(value.map((each, index) => () => findShapeFault(each, shape[0], `${path}[${index}]`)));
  }
  if (typeof value !== 'object' || Array.isArray(value)) return `${path} must be an object`;
  return firstFault(
    Object.entries(value).map(([key, content]) => () => {
      const known = Object.entries(shape).find(([name]) => name.toLowerCase() === key.toLowerCase());
      return known ? findShapeFault(content, known[1], `${path}.${key}`) : undefined;
    }),
  );
}

function findRuleFault(rule: IngressRule, isLast: boolean, isBastion: boolean): string | undefined {
  return (
    findShapeFault({ hostname: rule.hostname, path: rule.path, service: rule.service }, ruleShape, 'rule') ??
    findOriginRequestFault(rule.originRequest) ??
    findHostnameFault(rule.hostname ?? '', rule.path ?? '', isLast) ??
    findServiceFault(rule.service, isBastion || bastionMode(rule.originRequest)) ??
    findPathFault(rule.path ?? '')
  );
}

function findHostnameFault(hostname: string, path: string, isLast: boolean): string | undefined {
  const isCatchAll = (hostname === '' || hostname === '*') && path === '';
  if (isLast !== isCatchAll)
    return isLast ? 'the last rule must match everything' : 'only the last rule may match everything';
  if (/^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(hostname)) return 'a hostname has no port and no scheme';
  if (hostname.includes('*', 1)) return 'a wildcard is only allowed as the first character';
  return undefined;
}

function findServiceFault(service: string | undefined, isBastion: boolean): string | undefined {
  if (service === undefined) return 'it has no service';
  if (/^unix(\+tls)?:/.test(service)) return undefined;
  if (service.startsWith('http_status:'))
    return /^http_status:\+?0*[1-9]\d\d$/.test(service) ? undefined : `"${service}" is not a status from 100 to 999`;
  if (['hello_world', 'hello-world', 'bastion', 'socks-proxy'].includes(service) || isBastion) return undefined;
  const address =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?(?:\[[0-9a-f:.%]+\]|[^\s:[\]@/?#\\^`{|}%]+)(?::\d*)?(\/[^?#]*)?([?#]|$)/i;
  const match = address.exec(service);
  // eslint-disable-next-line no-control-regex -- Go refuses exactly these
  if (!match || /[\x00-\x1f\x7f]/.test(service)) return `the service "${service}" has no scheme or no host`;
  return match[1] === undefined ? undefined : `the service "${service}" has a path`;
}

/** Whether Go's regular expressions (RE2) would refuse a pattern, as far as JavaScript's can tell. */
function findPathFault(path: string): string | undefined {
  const fault = `the path "${path}" is not a regular expression that Go knows`;
  const withoutEscapes = path.replace(/\\[^1-9]/g, '');
  if (/\(\?<?[=!]|\\[1-9]/.test(withoutEscapes)) return fault; // lookaround and backreferences
  const translated = path
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?[imsU-]+([:)])/g, (_, end) => (end === ':' ? '(?:' : ''));
  try {
    new RegExp(translated);
    return undefined;
  } catch {
    return fault;
  }
}

function bastionMode(originRequest: unknown): boolean {
  return (originRequest as { bastionMode?: unknown } | null | undefined)?.bastionMode === true;
}

function firstFault(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const fault = check();
    if (fault) return fault;
  }
  return undefined;
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
