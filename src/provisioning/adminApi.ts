// The calls that the teacher's commands make, beyond those of a round.
import { CallFailure } from './checkedFetch.ts';
import { call, clientOptions, everyItem, type ClientOptions } from './sdkClient.ts';
import {
  BaseAccountTokens,
  BaseBotManagement,
  BaseCertificatePacks,
  BaseCloudflared,
  BaseConfigurations,
  BaseConnections,
  BaseRecords,
  BaseToken,
  BaseUserTokens,
  BaseZones,
  BaseZoneSettings,
  createClient,
} from './sdk.ts';
import { FixableError } from './errors.ts';
import { edgeCalls, settingsCalls } from './zoneApi.ts';

export interface TokenFacts {
  readonly owner: 'user' | 'account';
  readonly status: string;
}

export interface ZoneFacts {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly accountId: string;
  readonly accountName: string;
}

export interface TunnelFacts {
  readonly id: string;
  readonly name: string;
  /** The place that its configuration comes from. A `local` tunnel ignores our writes. */
  readonly source: 'local' | 'cloudflare';
  /** As Cloudflare reports it: `healthy`, `degraded` (some connections are missing), `down`, `inactive` (never connected). */
  readonly status: string;
}

/** Settings of a zone, with Cloudflare's values. */
export interface ZoneSettings {
  readonly emailObfuscation: unknown;
  readonly rocketLoader: unknown;
  /** Seconds; 0 respects existing headers. */
  readonly browserCacheTtl: unknown;
}

/** The names that a certificate of the edge covers, and its status as Cloudflare reports it: `active` and others. */
export interface CertificateFacts {
  readonly hosts: readonly string[];
  readonly status: string;
}

/** Each call rejects with `CallFailure`. */
export interface AdminApi {
  /** Checks that the token is valid, not what it permits. */
  verifyToken(accountId?: string): Promise<TokenFacts>;
  /** Every zone that the token may see. Needs Zone · Read. */
  zones(): Promise<ZoneFacts[]>;
  zone(zoneId: string): Promise<ZoneFacts>;
  /** Undefined if the token may not read them. Needs Zone Settings · Read. */
  zoneSettings(zoneId: string): Promise<ZoneSettings | undefined>;
  /** The zone's certificates at the edge; undefined if the token may not read them. Needs SSL and Certificates · Read. */
  certificates(zoneId: string): Promise<CertificateFacts[] | undefined>;
  /** Whether Bot Fight Mode is on; undefined if the token may not read it. Needs Bot Management · Read. */
  botFightMode(zoneId: string): Promise<boolean | undefined>;
  /** Tunnels that are not deleted. */
  tunnels(accountId: string): Promise<TunnelFacts[]>;
  tunnel(accountId: string, tunnelId: string): Promise<TunnelFacts>;
  /** Creates a remotely managed tunnel. */
  createTunnel(accountId: string, name: string): Promise<TunnelFacts>;
  /** Deletes a tunnel, with its rules. Its connector must have ended. */
  deleteTunnel(accountId: string, tunnelId: string): Promise<void>;
  /** The secret with which cloudflared connects this tunnel. Write it to a file; never print it. */
  connectorToken(accountId: string, tunnelId: string): Promise<string>;
  /** Whether the token has the right to change rules: by a change of a tunnel that does not exist. */
  mayEditTunnels(accountId: string): Promise<boolean>;
  /** Whether the token has the right to change records: by a batch of no change. */
  mayEditRecords(zoneId: string): Promise<boolean>;
  /** How many DNS records the zone holds. */
  countRecords(zoneId: string): Promise<number>;
}

/** Opens the account that the token belongs to. Makes no call yet. */
export function connectAdminApi(options: ClientOptions): AdminApi {
  const resources = [
    BaseUserTokens,
    BaseAccountTokens,
    BaseZones,
    BaseCloudflared,
    BaseConfigurations,
    BaseConnections,
    BaseToken,
    BaseRecords,
    BaseZoneSettings,
    BaseCertificatePacks,
    BaseBotManagement,
  ] as const;
  const client = createClient({ resources, ...clientOptions(options) });
  return {
    ...tokenCalls(client.user.tokens, client.accounts.tokens),
    ...zoneCalls(client.zones, client.dns.records),
    ...settingsCalls(client.zones.settings),
    ...edgeCalls(client.ssl.certificatePacks, client.botManagement),
    ...rightsCalls(client.zeroTrust.tunnels.cloudflared.configurations, client.dns.records),
    ...tunnelCalls(client.zeroTrust.tunnels.cloudflared, client.zeroTrust.tunnels.cloudflared.token),
    deleteTunnel: tunnelDeletion(
      client.zeroTrust.tunnels.cloudflared,
      client.zeroTrust.tunnels.cloudflared.connections,
    ),
  };
}

function tokenCalls(user: BaseUserTokens, account: BaseAccountTokens): Pick<AdminApi, 'verifyToken'> {
  const unknown = new FixableError('token-rejected', {
    status: 404,
    problem: 'there is no such token',
    call: 'GET /tokens/verify',
  });
  return {
    async verifyToken(accountId) {
      try {
        return { owner: 'user', status: (await call(user.verify(), unknown)).status };
      } catch (error) {
        // Cloudflare verifies tokens of users and tokens of accounts at different addresses.
        if (
          accountId === undefined ||
          !(error instanceof CallFailure) ||
          ![400, 401, 403, 404].includes(error.status ?? 0)
        )
          throw error;
        return { owner: 'account', status: (await call(account.verify({ account_id: accountId }), unknown)).status };
      }
    },
  };
}

const noTunnel = '00000000-0000-0000-0000-000000000000';

function rightsCalls(
  configurations: BaseConfigurations,
  records: BaseRecords,
): Pick<AdminApi, 'mayEditTunnels' | 'mayEditRecords'> {
  const unknown = new FixableError('tunnel-unknown', { tunnel: noTunnel });
  const isAllowed = async (request: Promise<unknown>): Promise<boolean> => {
    try {
      await call(request, unknown);
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      return error.status !== 401 && error.status !== 403;
    }
    return true;
  };
  const config = { ingress: [{ service: 'http_status:404' }] };
  return {
    mayEditTunnels: (account_id) => isAllowed(configurations.update(noTunnel, { account_id, config } as never)),
    mayEditRecords: (zone_id) => isAllowed(records.batch({ zone_id })),
  };
}

function zoneCalls(zones: BaseZones, records: BaseRecords): Pick<AdminApi, 'zones' | 'zone' | 'countRecords'> {
  const unknown = (zone: string) => new FixableError('zone-unknown', { zone });
  return {
    zones: async () => {
      const first = await call(zones.list({ per_page: 50 }), unknown('list'));
      return (await everyItem(first, unknown('list'))).map(zoneFacts);
    },
    zone: async (zoneId) => zoneFacts(await call(zones.get({ zone_id: zoneId }), unknown(zoneId))),
    async countRecords(zoneId) {
      const page = await call(records.list({ zone_id: zoneId, per_page: 1 }), unknown(zoneId));
      return (page.result_info as { total_count?: number }).total_count ?? page.result.length;
    },
  };
}

function tunnelCalls(
  tunnels: BaseCloudflared,
  token: BaseToken,
): Pick<AdminApi, 'tunnels' | 'tunnel' | 'createTunnel' | 'connectorToken'> {
  const unknown = (account: string, tunnel = 'list') => new FixableError('tunnel-unknown', { account, tunnel });
  return {
    tunnels: async (accountId) => {
      const filter = { account_id: accountId, is_deleted: false, per_page: 50 };
      return (await everyItem(await call(tunnels.list(filter), unknown(accountId)), unknown(accountId))).map(
        tunnelFacts,
      );
    },
    tunnel: async (accountId, tunnelId) =>
      tunnelFacts(await call(tunnels.get(tunnelId, { account_id: accountId }), unknown(accountId, tunnelId))),
    createTunnel: async (accountId, name) =>
      tunnelFacts(
        await call(tunnels.create({ account_id: accountId, name, config_src: 'cloudflare' }), unknown(accountId)),
      ),
    connectorToken: (accountId, tunnelId) =>
      call(token.get(tunnelId, { account_id: accountId }), unknown(accountId, tunnelId)),
  };
}

/** Cloudflare refuses to delete a tunnel for as long as it remembers connections of a connector that has ended. */
function tunnelDeletion(tunnels: BaseCloudflared, connections: BaseConnections): AdminApi['deleteTunnel'] {
  return async (account, tunnel) => {
    const unknown = new FixableError('tunnel-unknown', { account, tunnel });
    const account_id = account;
    const remove = () => call(tunnels.delete(tunnel, { account_id }), unknown);
    try {
      await remove();
    } catch (error) {
      if (!(error instanceof CallFailure) || ![400, 409].includes(error.status ?? 0)) throw error;
      await connections.delete(tunnel, { account_id });
      await remove();
    }
  };
}

function zoneFacts(zone: {
  id: string;
  name: string;
  status?: string;
  account: { id?: string; name?: string };
}): ZoneFacts {
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status ?? 'active',
    accountId: zone.account.id ?? '',
    accountName: zone.account.name ?? '',
  };
}

function tunnelFacts(tunnel: {
  id?: string;
  name?: string;
  status?: string;
  config_src?: 'local' | 'cloudflare';
  remote_config?: boolean;
}): TunnelFacts {
  const source = tunnel.config_src ?? (tunnel.remote_config === false ? 'local' : 'cloudflare');
  return { id: tunnel.id ?? '', name: tunnel.name ?? '', source, status: tunnel.status ?? 'inactive' };
}
