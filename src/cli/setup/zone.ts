// The zone of the students' hostnames, and the account that it belongs to.
import type { AdminApi, ZoneFacts } from '../../provisioning/adminApi.ts';
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import { FixableError } from '../../provisioning/errors.ts';
import type { ConfigKeys, SetupOptions } from './answers.ts';
import type { Asker, Choice } from './prompts.ts';

export interface FoundZone {
  readonly accountId: string;
  readonly zoneId: string;
  readonly zoneName: string | undefined;
}

/** @throws FixableError `zone-unknown`, and where the token may not read what is needed */
export async function findZone(
  account: AdminApi,
  asker: Asker,
  options: SetupOptions,
  known: ConfigKeys,
): Promise<FoundZone> {
  const wanted = options.zone ?? known.zoneId;
  const owner = options.account ?? (options.zone === undefined ? known.accountId : undefined);
  try {
    const zones = (await account.zones()).filter(
      (zone) => owner === undefined || zone.accountId === owner || zone.accountName === owner,
    );
    const zone =
      wanted === undefined
        ? await chooseZone(asker, zones)
        : zones.find((one) => one.id === wanted || one.name === wanted);
    if (!zone) throw new FixableError('zone-unknown', { zone: wanted });
    return { accountId: zone.accountId, zoneId: zone.id, zoneName: zone.name };
  } catch (error) {
    if (!(error instanceof CallFailure) || error.status !== 403) throw error;
    // Cloudflare refuses a wrong token in the same way. A token of an account is only known there, by the account's id.
    const isKnown = owner === undefined && (await account.verifyToken().catch(() => undefined)) !== undefined;
    // Without Zone · Read the zone cannot be looked up by name; ids given by hand are enough.
    const hint = 'the token may not list zones, so the id is needed';
    const ask = (flag: string, what: string) => asker.text({ flag, message: `The ${what} (${hint})` });
    const accountId = owner ?? (await ask('--account ID', 'account'));
    if (!isKnown) await account.verifyToken(accountId);
    return { accountId, zoneId: wanted ?? (await ask('--zone ID', 'zone')), zoneName: undefined };
  }
}

function chooseZone(asker: Asker, zones: readonly ZoneFacts[]): Promise<ZoneFacts> {
  return asker.choose(
    { flag: '--zone NAME', message: "The zone (domain) for the students' sites" },
    zones.map((zone): Choice<ZoneFacts> => ({ value: zone, label: zone.name, hint: zone.accountName })),
  );
}
