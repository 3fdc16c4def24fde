// Makes hostnames from the teacher's template. Pure.
import { FixableError } from './errors.ts';

export interface HostnameFacts {
  readonly user: string;
  readonly port: number;
  readonly machine: string;
}

const placeholders = /\{([^{}]*)\}/g;

/**
 * Makes the hostname of one publication from the teacher's template.
 *
 * The value of a placeholder becomes part of a DNS label: letters become lower case, because cloudflared matches case-sensitively,
 * and other characters become hyphens. Limits: RFC 1035, 63 characters for a label and 253 in all.
 * @throws FixableError `hostname-invalid`
 */
export function makeHostname(template: string, facts: HostnameFacts): string {
  const refuse = (hostname: string, problem: string): never => {
    throw new FixableError('hostname-invalid', {
      template,
      hostname,
      user: facts.user,
      problem,
      example: '{user}-class.example.com',
    });
  };
  const hostname = template
    .replace(placeholders, (whole, name: string) => {
      if (name !== 'user' && name !== 'port' && name !== 'machine')
        return refuse(template, `${whole} is not known; there are {user}, {port} and {machine}`);
      return label(String(facts[name])) || refuse(template, `${whole} is empty for this user`);
    })
    .toLowerCase();
  if (/[{}]/.test(hostname)) return refuse(hostname, 'a brace has no partner');
  if (hostname.length > 253) return refuse(hostname, 'it has more than 253 characters');
  const labels = hostname.split('.');
  if (labels.length < 2) return refuse(hostname, 'it has no domain');
  for (const part of labels) {
    if (part === '') return refuse(hostname, 'a label between two dots is empty');
    if (part.length > 63) return refuse(hostname, `the label "${part}" has more than 63 characters`);
    if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(part))
      return refuse(hostname, `"${part}" is not a label: letters, digits and hyphens inside only`);
  }
  return hostname;
}

/** Whether the hostname depends on the port. If not, it is known before the port is. */
export function dependsOnPort(template: string): boolean {
  return template.includes('{port}');
}

/**
 * A warning if hostnames lie two levels below the zone, because Universal SSL covers one level only. The zone's name is not known
 * here, so country domains with a second level (`co.uk`) are guessed by their length.
 */
export function certificateWarning(template: string): string | undefined {
  const suffix = template.split('.').slice(1);
  const top = suffix.at(-1) ?? '';
  if (top === 'localhost') return undefined;
  const zoneLabels = top.length === 2 && (suffix.at(-2)?.length ?? 9) <= 3 && suffix.length > 2 ? 3 : 2;
  return suffix.length > zoneLabels
    ? `"${template}" lies two levels below its zone: Cloudflare's free certificate covers one level only, so browsers will refuse it unless you buy a certificate for it. "${template.replace('.', '-')}" has a certificate.`
    : undefined;
}

function label(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
