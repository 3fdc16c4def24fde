// The doctor's checks of what the edge does to visitors of the zone: certificates, and Bot Fight Mode.
import type { AdminApi, CertificateFacts } from '../../provisioning/adminApi.ts';
import type { Config } from '../../provisioning/config.ts';
import { makeHostname } from '../../provisioning/hostname.ts';
import { findingsOf, type Check } from './findings.ts';

/** Two calls. */
export async function examineEdge(account: AdminApi, { zoneId, hostname, machine }: Config): Promise<Check[]> {
  const example = makeHostname(hostname, { user: 'student1', port: 3000, machine });
  const [certificates, botFightMode] = await Promise.all([account.certificates(zoneId), account.botFightMode(zoneId)]);
  return [judgeCertificates(example, certificates), judgeBotFightMode(botFightMode)];
}

/** Pure. @param example the hostname of a student's site @param certificates undefined if the token may not read them */
export function judgeCertificates(example: string, certificates: readonly CertificateFacts[] | undefined): Check {
  const { ok, warning, fail } = findingsOf('certificate');
  if (certificates === undefined)
    return ok(
      `not readable with this token; see in the dashboard (SSL/TLS > Edge Certificates) that one for *.${parentOf(example)} is active`,
    );
  const covering = certificates.filter(({ hosts }) => hosts.some((host) => covers(host, example)));
  const active = covering.find(({ status }) => status === 'active');
  if (active) return ok(`active for ${active.hosts.join(', ')}`);
  const [pending] = covering;
  return pending
    ? warning(
        `The certificate for ${pending.hosts.join(', ')} is not active: Cloudflare calls it ${pending.status}.`,
        'Wait until it is issued: until then browsers show an error instead of the sites.',
      )
    : fail(
        `No certificate of the zone covers ${example}: browsers show an error instead of the sites.`,
        'The free certificate covers one level below the zone. Use such names, or order a certificate for these.',
      );
}

/** Pure. @param isOn undefined if the token may not read it */
export function judgeBotFightMode(isOn: boolean | undefined): Check {
  const { ok, warning } = findingsOf('bot fight mode');
  if (isOn === undefined)
    return ok('not readable with this token; it must be off, in the dashboard under Security > Bots');
  return isOn
    ? warning(
        'Bot Fight Mode is on: it challenges scripts and WebSockets of development sites.',
        'Turn it off in the dashboard, under Security > Bots.',
      )
    : ok('off');
}

/** A wildcard covers one level (RFC 6125). */
function covers(host: string, name: string): boolean {
  return host === name || (host.startsWith('*.') && host.slice(2) === parentOf(name));
}

function parentOf(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}
