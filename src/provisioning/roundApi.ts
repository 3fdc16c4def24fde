import { CallFailure } from './checkedFetch.ts';
import { call, clientOptions, type ClientOptions } from './sdkClient.ts';
import { BaseConfigurations, BaseRecords, BaseRecordUsage, createClient } from './sdk.ts';
import type { TunnelConfig } from './ingress.ts';
import { MendableError } from './errors.ts';
import { recordTarget, type DnsRecord, type NewRecord } from './plan.ts';

export interface RoundApiOptions extends ClientOptions {
  readonly accountId: string;
  readonly tunnelId: string;
  readonly zoneId: string;
}

export interface Configuration {
  /** 0 where the tunnel has none yet. */
  readonly version: number;
  readonly config: TunnelConfig | null;
}

export interface RecordUsage {
  readonly used: number;
  readonly quota: number | undefined;
}

/** The calls that provisioning needs. Each rejects with `CallFailure`, which says whether it may have taken effect. */
export interface RoundApi {
  readConfiguration(): Promise<Configuration>;
  /** Replaces the whole configuration; answers the version it got. */
  writeConfiguration(config: TunnelConfig): Promise<number>;
  /** Every record that points to our tunnel. */
  listRecords(): Promise<DnsRecord[]>;
  /** Every record of one name, whoever made it. */
  findRecords(name: string): Promise<DnsRecord[]>;
  /** How many records the zone holds; `quota` is undefined where the zone has no limit of its own. */
  readRecordUsage(): Promise<RecordUsage>;
  /** One database transaction, deletes first: all of it or nothing. Answers the records it made. */
  changeRecords(changes: {
    readonly remove: readonly DnsRecord[];
    readonly create: readonly NewRecord[];
  }): Promise<DnsRecord[]>;
}

export function connectRoundApi(options: RoundApiOptions): RoundApi {
  const { accountId, tunnelId, zoneId } = options;
  const { zeroTrust, dns } = openClient(options);
  return {
    ...tunnelCalls(zeroTrust.tunnels.cloudflared.configurations, accountId, tunnelId),
    ...recordCalls(dns.records, zoneId, tunnelId),
    async readRecordUsage() {
      const usage = await call(
        dns.usage.zone.get({ zone_id: zoneId }),
        new MendableError('zone-unknown', { zone: zoneId }),
      );
      return { used: usage.record_usage, quota: usage.record_quota ?? undefined };
    },
  };
}

function tunnelCalls(
  configurations: BaseConfigurations,
  accountId: string,
  tunnelId: string,
): Pick<RoundApi, 'readConfiguration' | 'writeConfiguration'> {
  const unknown = new MendableError('tunnel-unknown', { tunnel: tunnelId, account: accountId });
  return {
    async readConfiguration() {
      try {
        const result = await call(configurations.get(tunnelId, { account_id: accountId }), unknown);
        if (result.source === 'local') throw new MendableError('tunnel-local', { tunnel: tunnelId });
        return { version: result.version ?? 0, config: (result.config ?? null) as TunnelConfig | null };
      } catch (error) {
        // 1055: the tunnel is there and has no configuration yet.
        if (error instanceof CallFailure && error.codes.includes(1055)) return { version: 0, config: null };
        throw error;
      }
    },
    async writeConfiguration(config) {
      // The SDK's type lacks warp-routing and unknown keys; the object goes out as it is.
      const result = await call(
        configurations.update(tunnelId, { account_id: accountId, config: config as object }),
        unknown,
      );
      return result.version ?? 0;
    },
  };
}

function recordCalls(
  records: BaseRecords,
  zoneId: string,
  tunnelId: string,
): Pick<RoundApi, 'listRecords' | 'findRecords' | 'changeRecords'> {
  const unknown = new MendableError('zone-unknown', { zone: zoneId });
  const listAll = async (filter: { content?: { exact: string }; name?: { exact: string } }) => {
    const found: DnsRecord[] = [];
    let page = await call(records.list({ zone_id: zoneId, per_page: 5000, ...filter }), unknown);
    found.push(...(page.result as DnsRecord[]));
    const { total_count: total = 0 } = page.result_info as { total_count?: number };
    while (found.length < total && page.result.length > 0) {
      page = await call(page.getNextPage(), unknown);
      found.push(...(page.result as DnsRecord[]));
    }
    return found;
  };
  return {
    listRecords: () => listAll({ content: { exact: recordTarget(tunnelId) } }),
    findRecords: (name) => listAll({ name: { exact: name } }),
    async changeRecords({ remove, create }) {
      const result = await call(
        records.batch({
          zone_id: zoneId,
          ...(remove.length > 0 ? { deletes: remove.map(({ id }) => ({ id })) } : {}),
          ...(create.length > 0 ? { posts: create as never } : {}),
        }),
        unknown,
      );
      return (result.posts ?? []) as DnsRecord[];
    },
  };
}

/** Only the resources used are bundled: the whole client is twenty times as large and takes fifty times as long to load. */
function openClient(options: RoundApiOptions) {
  return createClient({ resources: [BaseConfigurations, BaseRecords, BaseRecordUsage], ...clientOptions(options) });
}
