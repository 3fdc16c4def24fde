// The doctor's checks at Cloudflare.
import { connectAdminApi, type AdminApi, type TunnelFacts, type ZoneFacts } from '../../provisioning/adminApi.ts';
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import { connectRoundApi, type RoundApi } from '../../provisioning/roundApi.ts';
import type { Config } from '../../provisioning/config.ts';
import { permissions } from '../../messages/permissions.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { certificateWarning, makeHostname } from '../../provisioning/hostname.ts';
import { findConfigFault } from '../../provisioning/configFault.ts';
import type { TunnelConfig } from '../../provisioning/ingress.ts';
import type { ConnectorAnswers } from '../../provisioning/connector.ts';
import { judgeLoaded } from './connector.ts';
import { examineEdge } from './edge.ts';
import { findingsOf, type Check } from './findings.ts';
import { judgeQuota, judgeWildcard } from './records.ts';
import { examineRights } from './rights.ts';
import { examineZoneSettings } from './zoneSettings.ts';
import { callDeadline } from '../session.ts';

export interface CloudflareExamination {
  readonly config: Config;
  readonly token: string;
  /** Milliseconds for which Cloudflare still blocks the token. */
  readonly pausedFor: number;
  readonly fetch: typeof fetch;
  readonly stop: AbortSignal;
  /** Undefined if the connector cannot be asked. */
  readonly connector: ConnectorAnswers | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Checks token, tunnel, rules, zone and records at Cloudflare. It changes nothing, with at most eleven calls. */
export async function examineCloudflare(examination: CloudflareExamination): Promise<Check[]> {
  const { config, token, pausedFor, fetch, stop, now, connector } = examination;
  const rateLimit = findingsOf('rate limit');
  if (pausedFor > 0) {
    const until = new Date(now() + pausedFor).toTimeString().slice(0, 8);
    return [
      rateLimit.warning(
        `Cloudflare blocks the owner of this token until ${until}, so no call was made.`,
        'Run doctor again after that; waiting requests are served then.',
      ),
    ];
  }
  const options = { ...config, token, fetch, callDeadline, signal: stop, beforeCall: () => Promise.resolve() };
  const account = connectAdminApi(options);
  const cloudflare = connectRoundApi(options);
  const verified = await examineToken(account, config.accountId);
  if (verified.level === 'fail') return [verified]; // everything else would fail for the same reason
  return [
    verified,
    ...(
      await Promise.all([
        examineTunnel(account, config),
        examineRules(cloudflare, config.tunnelId, connector),
        examineZone(account, config),
        examineRecords(account, cloudflare, config),
        examineRights(account, config),
        examineZoneSettings(account, config.zoneId),
        examineEdge(account, config),
      ])
    ).flat(),
  ];
}

function examineToken(account: AdminApi, accountId: string): Promise<Check> {
  const { ok, fail } = findingsOf('token');
  return orFailure('token', async () => {
    const { owner, status } = await account.verifyToken(accountId);
    return status === 'active'
      ? ok(`active, ${owner === 'user' ? "a user's" : "the account's own"}`)
      : fail(
          `Cloudflare says that the token is ${status}.`,
          'Make a new one in the dashboard, and put it into the token file.',
        );
  });
}

function examineTunnel(account: AdminApi, { accountId, tunnelId }: Config): Promise<Check> {
  return orFailure('tunnel', async () => judgeTunnel(await account.tunnel(accountId, tunnelId)), permissions.tunnel);
}

/** Judges whether this tunnel can carry visitors. Pure. */
export function judgeTunnel({ id, name, source, status }: TunnelFacts): Check {
  const { ok, warning, fail } = findingsOf('tunnel');
  if (source === 'local') {
    const { message, action } = new FixableError('tunnel-local', { tunnel: id });
    return fail(message, action);
  }
  if (status === 'healthy') return ok(`${name}, managed at Cloudflare, with a connector`);
  if (status === 'degraded')
    return warning(
      `${name} has lost some of its connector's connections.`,
      'See the log of cloudflared on this server.',
    );
  return fail(
    `${name} has no connector (Cloudflare calls it ${status}): no site can be reached.`,
    'Start cloudflared for this tunnel: `classroom-tunnel setup` prints how.',
  );
}

async function examineRules(
  cloudflare: RoundApi,
  tunnelId: string,
  connector: ConnectorAnswers | undefined,
): Promise<Check[]> {
  let loaded: Check[] = [];
  const rules = await orFailure(
    'rules',
    async () => {
      const { config, version } = await cloudflare.readConfiguration();
      loaded = judgeLoaded(version, connector, tunnelId);
      return judgeRules(config);
    },
    permissions.tunnel,
  );
  return [rules, ...loaded];
}

/** Judges whether cloudflared would accept this configuration, and the next one made from it. Pure. */
export function judgeRules(config: TunnelConfig | null): Check {
  const { ok, warning, fail } = findingsOf('rules');
  const rules = config?.ingress ?? [];
  if (rules.length === 0) return ok('none yet: the first publication makes the catch-all too');
  const fault = findConfigFault({ ...config, ingress: rules });
  if (fault)
    return fail(
      `cloudflared would refuse ${fault}.`,
      'Fix this rule in the dashboard: nothing can be published until then.',
    );
  const names = rules.map((rule) => `${rule.hostname ?? ''}${rule.path ?? ''}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined
    ? ok(`${rules.length}, the last of them the catch-all`)
    : warning(`There are two rules for ${twice}: only the first is ever used.`, 'Remove the second in the dashboard.');
}

function examineZone(account: AdminApi, config: Config): Promise<Check[]> {
  return account.zone(config.zoneId).then(
    (zone) => judgeZone(zone, config),
    (error: unknown): Check[] => {
      if (!isForbidden(error)) return [failure('zone', error)];
      const { ok, warning } = findingsOf('hostname');
      const doubt = certificateWarning(config.hostname);
      return [
        doubt ? warning(doubt, 'Change `hostname` in the configuration.') : ok(config.hostname),
        findingsOf('zone').warning(
          'The token may not read the zone, so it is not known whether the hostname lies in it.',
          `Add the permission ${permissions.zone} to the token.`,
        ),
      ];
    },
  );
}

/** Judges whether the hostname template fits the zone, and the zone the account. Pure. */
export function judgeZone(zone: ZoneFacts, config: Pick<Config, 'accountId' | 'hostname' | 'machine'>): Check[] {
  const { ok, warning } = findingsOf('zone');
  const found =
    zone.status !== 'active'
      ? warning(
          `Cloudflare calls ${zone.name} ${zone.status}.`,
          'Finish its set-up in the dashboard: names in it are not served before.',
        )
      : zone.accountId !== config.accountId
        ? warning(
            `${zone.name} belongs to another account (${zone.accountName}) than the tunnel.`,
            'Check `accountId` and `zoneId`.',
          )
        : ok(zone.name);
  return [found, judgeHostname(zone.name, config)];
}

function judgeHostname(zoneName: string, { hostname: template, machine }: Pick<Config, 'hostname' | 'machine'>): Check {
  const { ok, warning, fail } = findingsOf('hostname');
  const example = makeHostname(template, { user: 'student1', port: 3000, machine });
  if (!example.endsWith(`.${zoneName}`))
    return fail(
      `${template} does not lie in the zone ${zoneName}.`,
      `Let \`hostname\` end in .${zoneName}, or correct \`zoneId\`.`,
    );
  const levels = example.slice(0, -zoneName.length - 1).split('.').length;
  return levels === 1
    ? ok(`${template}, as in ${example}`)
    : warning(
        `${template} lies ${levels} levels below ${zoneName}: the free certificate covers one level only.`,
        `Use one level, such as ${template.split('.').slice(0, levels).join('-')}.${zoneName}, or buy a certificate for it.`,
      );
}

function examineRecords(account: AdminApi, cloudflare: RoundApi, config: Config): Promise<Check> {
  if (config.dns === 'wildcard') {
    const name = `*.${makeHostname(config.hostname, { user: 'student1', port: 3000, machine: config.machine }).split('.').slice(1).join('.')}`;
    return orFailure(
      'DNS',
      async () => judgeWildcard(name, await cloudflare.findRecords(name), config.tunnelId),
      permissions.records,
    );
  }
  return orFailure(
    'DNS',
    async () => judgeQuota(await account.countRecords(config.zoneId), Object.keys(config.ports ?? {}).length),
    permissions.records,
  );
}

/** The finding of a check, or of why it could not be made. `permission` is what the token lacks where it is not let in. */
async function orFailure(check: string, examine: () => Promise<Check>, permission?: string): Promise<Check> {
  try {
    return await examine();
  } catch (error) {
    return isForbidden(error) && permission
      ? findingsOf(check).fail('The token may not read it.', `Give it the permission ${permission}.`)
      : failure(check, error);
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof CallFailure && (error.status === 401 || error.status === 403);
}

/** Anything else than a failed call is a bug. */
function failure(check: string, error: unknown): Check {
  const reason = error instanceof CallFailure ? error.mendable : error;
  if (!(reason instanceof FixableError)) throw error;
  return findingsOf(check).fail(`${reason.title}. ${reason.message}`, reason.action);
}
