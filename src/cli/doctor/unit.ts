// The doctor's check of the connector's systemd unit.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingsOf, type Check } from './findings.ts';

/** Reads the units of cloudflared in this folder. @param folder such as /etc/systemd/system */
export function examineUnits(folder: string, stateDir: string): Check[] {
  try {
    const names = readdirSync(folder).filter((name) => /^cloudflared.*\.service$/.test(name));
    return names.flatMap((name) => judgeUnit(join(folder, name), readFileSync(join(folder, name), 'utf8'), stateDir));
  } catch {
    return []; // no systemd, or a unit that this account may not read
  }
}

/** Why this unit's connector could not reach the students' relays in `stateDir`. Pure. */
export function judgeUnit(file: string, text: string, stateDir: string): Check[] {
  const { warning } = findingsOf('connector');
  const set = (key: string) => new RegExp(`^${key}=(yes|true|on|1|tmpfs)\\s*$`, 'm').test(text);
  const isBelow = (...folders: string[]) => folders.some((folder) => `${stateDir}/`.startsWith(`${folder}/`));
  const hides =
    (set('ProtectHome') && isBelow('/home', '/root', '/run/user') && 'ProtectHome') ||
    (set('PrivateTmp') && isBelow('/tmp', '/var/tmp') && 'PrivateTmp');
  const proxy = /^Environment=.*\b(HTTPS?_PROXY|ALL_PROXY)=/im.test(text);
  return [
    ...(hides
      ? [
          warning(
            `${file} hides ${stateDir} from cloudflared (${hides}), so it reaches no relay.`,
            'Use a `stateDir` such as /var/lib/classroom-tunnel, or remove this line from the unit.',
          ),
        ]
      : []),
    ...(proxy
      ? [
          warning(
            `${file} gives cloudflared a proxy, which breaks rules that lead to sockets.`,
            'Remove HTTP_PROXY and HTTPS_PROXY from its environment.',
          ),
        ]
      : []),
  ];
}
