// The calls about a zone's settings, certificates and bot protection, which a token need not permit.
import type { AdminApi } from './adminApi.ts';
import { CallFailure } from './checkedFetch.ts';
import { FixableError } from './errors.ts';
import type { BaseBotManagement, BaseCertificatePacks, BaseZoneSettings } from './sdk.ts';
import { call } from './sdkClient.ts';

export function settingsCalls(settings: BaseZoneSettings): Pick<AdminApi, 'zoneSettings'> {
  return {
    async zoneSettings(zone) {
      const unknown = new FixableError('zone-unknown', { zone });
      const read = async (name: string): Promise<unknown> =>
        ((await call(settings.get(name, { zone_id: zone }), unknown)) as { value?: unknown }).value;
      return readable(async () => {
        const emailObfuscation = await read('email_obfuscation');
        const [rocketLoader, browserCacheTtl] = await Promise.all([read('rocket_loader'), read('browser_cache_ttl')]);
        return { emailObfuscation, rocketLoader, browserCacheTtl };
      });
    },
  };
}

export function edgeCalls(
  packs: BaseCertificatePacks,
  bots: BaseBotManagement,
): Pick<AdminApi, 'certificates' | 'botFightMode'> {
  return {
    certificates: (zone) =>
      readable(async () => {
        const first = await call(
          packs.list({ zone_id: zone, status: 'all' }),
          new FixableError('zone-unknown', { zone }),
        );
        return first.result.map(({ hosts, status }) => ({ hosts, status }));
      }),
    botFightMode: (zone) =>
      readable(async () => {
        const answer = await call(bots.get({ zone_id: zone }), new FixableError('zone-unknown', { zone }));
        return 'fight_mode' in answer ? (answer.fight_mode ?? false) : undefined;
      }),
  };
}

/** Undefined where the token may not read it. */
async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CallFailure) return undefined;
    throw error;
  }
}
