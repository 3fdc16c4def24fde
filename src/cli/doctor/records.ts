// The doctor's judgements of the zone's DNS records. Pure.
import { recordTarget, type DnsRecord } from '../../provisioning/plan.ts';
import { findingsOf, type Check } from './findings.ts';

/** Records that a free zone made since 2024-09 may hold (Cloudflare's documentation of DNS limits). */
const freeQuota = 200;

export function judgeWildcard(name: string, records: readonly DnsRecord[], tunnelId: string): Check {
  const { ok, fail } = findingsOf('DNS');
  const target = recordTarget(tunnelId);
  const fix = `Create it in the dashboard: CNAME ${name} → ${target}, proxied.`;
  const [record] = records;
  if (!record) return fail(`"dns" is "wildcard", but there is no record ${name}.`, fix);
  if (record.type !== 'CNAME' || record.content !== target)
    return fail(`${name} is ${record.type} ${record.content}, which is not this tunnel.`, fix);
  return record.proxied === false
    ? fail(`${name} is not proxied, so it does not reach the tunnel.`, fix)
    : ok(`${name} leads to the tunnel`);
}

/** @param students how many the configuration names */
export function judgeQuota(records: number, students: number): Check {
  const { ok, warning } = findingsOf('DNS');
  return records + students <= freeQuota
    ? ok(`${records} ${records === 1 ? 'record' : 'records'} in the zone`)
    : warning(
        `The zone holds ${records} records, and ${students} students may add one each; a free zone holds ${freeQuota}.`,
        'Remove some, or use `"dns": "wildcard"` with one wildcard record.',
      );
}
