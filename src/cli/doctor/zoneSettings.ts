// The doctor's check of the zone's settings that break development sites.
import type { AdminApi, ZoneSettings } from '../../provisioning/adminApi.ts';
import { findingsOf, type Check } from './findings.ts';

const { ok, warning } = findingsOf('zone settings');

/** Reads them where the token may (Zone · Zone Settings · Read), and otherwise names them. */
export async function examineZoneSettings(account: AdminApi, zoneId: string): Promise<Check> {
  return judgeZoneSettings(await account.zoneSettings(zoneId));
}

/** Pure. @param settings undefined if the token may not read them */
export function judgeZoneSettings(settings: ZoneSettings | undefined): Check {
  if (settings === undefined)
    return ok(
      'not readable with this token; see in the dashboard that Email Address Obfuscation and Rocket Loader are off, and that Browser Cache TTL respects existing headers',
    );
  const { emailObfuscation, rocketLoader, browserCacheTtl } = settings;
  const wrong = [
    ...(emailObfuscation === 'on' ? ['Email Address Obfuscation rewrites pages, so that hydration fails'] : []),
    ...(rocketLoader === 'on' ? ['Rocket Loader delays scripts, so that pages stay blank'] : []),
    ...(Number(browserCacheTtl) > 0 ? ['Browser Cache TTL makes browsers keep old scripts'] : []),
  ];
  return wrong.length === 0
    ? ok('fit for development sites')
    : warning(
        `${wrong.join('; ')}.`,
        'Turn Email Address Obfuscation and Rocket Loader off, and set Browser Cache TTL to "Respect Existing Headers".',
      );
}
