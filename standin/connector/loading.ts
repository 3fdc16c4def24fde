// Whether cloudflared loads a configuration. It decodes the JSON into typed fields, checks the rules, and opens the files that
// they name (cloudflared's ingress/config.go, ingress/ingress.go, ingress/origin_service.go). One wrong value anywhere makes it
// keep the whole old configuration, although the API has answered the save with 200.
import { accessSync, constants } from 'node:fs';
import { whyInvalid } from '../api/ingressRules.ts';

type Check = (value: unknown) => string | undefined;
type Fields = Readonly<Record<string, Check>>;

const text = typed('string', (value) => typeof value === 'string');
const flag = typed('bool', (value) => typeof value === 'boolean');
const integer = typed('int', (value) => Number.isSafeInteger(value));
const unsigned = typed('uint', (value) => Number.isSafeInteger(value) && Number(value) >= 0);
/** cloudflared's CustomDuration: the digits of a whole number of seconds, and nothing else. */
const duration: Check = (value) =>
  value === null || Number.isSafeInteger(value)
    ? undefined
    : `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`;

const access: Fields = { required: flag, teamName: text, audTag: listOf(text) };
const ipRule: Fields = { prefix: text, ports: listOf(integer), allow: flag };

const originRequest: Fields = {
  connectTimeout: duration,
  tlsTimeout: duration,
  tcpKeepAlive: duration,
  keepAliveTimeout: duration,
  noHappyEyeballs: flag,
  noTLSVerify: flag,
  matchSNItoHost: flag,
  disableChunkedEncoding: flag,
  bastionMode: flag,
  http2Origin: flag,
  keepAliveConnections: integer,
  proxyPort: unsigned,
  httpHostHeader: text,
  originServerName: text,
  caPool: text,
  proxyAddress: text,
  proxyType: text,
  access: objectOf(access),
  ipRules: listOf(objectOf(ipRule)),
};

const configuration = objectOf({
  ingress: listOf(objectOf({ hostname: text, path: text, service: text, originRequest: objectOf(originRequest) })),
  originRequest: objectOf(originRequest),
  'warp-routing': objectOf({
    enabled: flag,
    connectTimeout: duration,
    tcpKeepAlive: duration,
    maxActiveFlows: unsigned,
  }),
});

/** The reason in cloudflared's log for not loading this configuration; undefined where it loads. */
export function whyRefused(config: unknown): string | undefined {
  return configuration(config) ?? whyInvalid(config) ?? whyNotStarted(config as Record<string, unknown>);
}

/** The faults that cloudflared finds when it prepares the services: access without a team, and a missing certificate file. */
function whyNotStarted(config: Record<string, unknown>): string | undefined {
  const rules = config.ingress as { service: string; originRequest?: Record<string, unknown> | null }[];
  const shared = (config.originRequest ?? {}) as Record<string, unknown>;
  for (const { service, originRequest: own } of rules) {
    const { required, teamName = '', audTag } = (own?.access ?? {}) as Record<string, unknown>;
    if (required === true && teamName === '' && Array.isArray(audTag) && audTag.length > 0)
      return 'access.TeamName cannot be blank when access.audTags are present';
    const { caPool } = { ...shared, ...own };
    if (typeof caPool !== 'string' || caPool === '' || !/^(https?|wss?|unix|unix\+tls):/i.test(service)) continue;
    if (!isReadable(caPool)) return `Error starting local service ${service}: unable to read the file ${caPool}`;
  }
  return undefined;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function typed(type: string, accepts: (value: unknown) => boolean): Check {
  return (value) =>
    value === null || accepts(value)
      ? undefined
      : `json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type ${type}`;
}

/** Go finds a field by its name in any case, and ignores names that it does not know. */
function objectOf(fields: Fields): Check {
  const byName = new Map(Object.entries(fields).map(([name, check]) => [name.toLowerCase(), { name, check }]));
  return (value) => {
    if (value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return typed('struct', () => false)(value);
    for (const [key, content] of Object.entries(value)) {
      const field = byName.get(key.toLowerCase());
      const reason = field?.check(content);
      if (reason !== undefined) return `${reason} (${field?.name ?? key})`;
    }
    return undefined;
  };
}

function listOf(check: Check): Check {
  return (value) => {
    if (value === null) return undefined;
    if (!Array.isArray(value)) return typed('slice', () => false)(value);
    for (const each of value) {
      const reason = check(each);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };
}
