// The calls that a round makes.
import { CallFailure } from './checkedFetch.ts';
import { call, clientOptions, everyItem, type ClientOptions } from './sdkClient.ts';
import { BaseConfigurations, BaseRecords, BaseRecordUsage, createClient } from './sdk.ts';
import type { TunnelConfig } from './ingress.ts';
import { FixableError } from './errors.ts';
import { recordTarget, type DnsRecord, type NewRecord } from './plan.ts';

export interface RoundApiOptions extends ClientOptions {
  readonly accountId: string;
  readonly tunnelId: string;
  readonly zoneId: string;
}

export interface Configuration {
  /** 0 if the tunnel has no configuration yet. */
  readonly version: number;
  readonly config: TunnelConfig | null;
}

export interface RecordUsage {
  readonly used: number;
  readonly quota: number | undefined;
}

/** Each call rejects with `CallFailure`, which tells whether it may have taken effect. */
export interface RoundApi {
  readConfiguration(): Promise<Configuration>;
  /** Replaces the whole configuration. @returns its new version */
  writeConfiguration(config: TunnelConfig): Promise<number>;
  /** Every record that points to our tunnel. */
  listRecords(): Promise<DnsRecord[]>;
  /** Every record with this name, ours or not. */
  findRecords(name: string): Promise<DnsRecord[]>;
  /** How many records the zone holds; `quota` is undefined if the zone has no limit of its own. */
  readRecordUsage(): Promise<RecordUsage>;
  /** One database transaction: all changes or none; removals come first. @returns the new records */
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
        new FixableError('zone-unknown', { zone: zoneId }),
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
  const unknown = new FixableError('tunnel-unknown', { tunnel: tunnelId, account: accountId });
  return {
    async readConfiguration() {
      try {
        const result = await call(configurations.get(tunnelId, { account_id: accountId }), unknown);
        if (result.source === 'local') throw new FixableError('tunnel-local', { tunnel: tunnelId });
        return { version: result.version ?? 0, config: (result.config ?? null) as TunnelConfig | null };
      } catch (error) {
        // 1055: the tunnel exists and has no configuration yet.
        if (error instanceof CallFailure && error.codes.includes(1055)) return { version: 0, config: null };
        throw error;
      }
    },
    async writeConfiguration(config) {
      // The SDK's type lacks warp-routing and unknown keys. It sends the object unchanged.
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
  const unknown = new FixableError('zone-unknown', { zone: zoneId });
  const listAll = async (filter: { content?: { exact: string }; name?: { exact: string } }) =>
    everyItem(await call(records.list({ zone_id: zoneId, per_page: 5000, ...filter }), unknown), unknown) as Promise<
      DnsRecord[]
    >;
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

/** Names the resources used, so that only they are bundled: the whole SDK is twenty times as large. */
function openClient(options: RoundApiOptions) {
  return createClient({ resources: [BaseConfigurations, BaseRecords, BaseRecordUsage], ...clientOptions(options) });
}
