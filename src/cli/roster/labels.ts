// The label of a student's hostname, chosen so that no two students have the same one. Pure.
import transliterate from '@sindresorhus/transliterate';
import { makeHostname } from '../../provisioning/hostname.ts';

export interface Student {
  readonly user: string;
  /** The display name. */
  readonly name?: string;
}

export interface Template {
  readonly hostname: string;
  readonly machine: string;
  /** Set where students may have second sites, whose labels end with the port. */
  readonly extraPorts?: boolean | readonly [number, number] | undefined;
}

/** Labels that every domain may come to need. */
export const reservedLabels: ReadonlySet<string> = new Set([
  'www',
  'mail',
  'smtp',
  'imap',
  'ftp',
  'ns1',
  'ns2',
  'autodiscover',
  'autoconfig',
]);

/** The text in lower case Latin letters, digits and hyphens; empty if nothing of it can be written so. */
export function slug(text: string): string {
  return transliterate(text)
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** The hostname of a student with this label, at any port. */
export function hostnameFor({ hostname, machine }: Template, label: string): string {
  return makeHostname(hostname, { user: label, port: 65535, machine });
}

/**
 * The best free label: the account's name, else the display name, else the account's name with a number (`-site` after a reserved one).
 * @param isFree whether no other site has this label
 */
export function chooseLabel(student: Student, template: Template, isFree: (label: string) => boolean): string {
  const room = roomFor(template);
  const cut = (text: string, length = room) => text.slice(0, length).replace(/-+$/, '');
  const bases = [student.user, student.name ?? ''].map((text) => cut(slug(text))).filter((text) => text !== '');
  if (bases.length === 0) bases.push('student');
  const [first = ''] = bases;
  const candidates = [...bases, ...(reservedLabels.has(first) ? [`${first}-site`] : [])];
  const found = candidates.find(isFree);
  if (found !== undefined) return found;
  for (let number = 2; ; number += 1) {
    const label = `${cut(first, room - 1 - String(number).length)}-${number}`;
    if (isFree(label)) return label;
  }
}

/** The number of characters that the template leaves to the student, of the 63 of a label. */
function roomFor(template: Template): number {
  const mark = 'zzz';
  const part = hostnameFor(template, mark)
    .split('.')
    .find((label) => label.includes(mark));
  return 63 + mark.length - (part ?? mark).length;
}
