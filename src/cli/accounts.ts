// The accounts and groups of this machine, by whatever directory it asks.
import { getent } from './setup/system.ts';

/** The entry of an account; undefined if there is none of this name. */
export function accountOf(
  user: string,
): { readonly uid: number; readonly gid: number; readonly home: string } | undefined {
  const [fields] = getent('passwd', user);
  return fields?.[0] === user ? { uid: Number(fields[2]), gid: Number(fields[3]), home: fields[5] ?? '' } : undefined;
}

/** The users whose group or additional group this is, without root; undefined if there is no such group. */
export function groupMembers(group: string): string[] | undefined {
  const [fields] = getent('group', group);
  if (!fields) return undefined;
  const primary = getent('passwd').filter((account) => account[3] === fields[2] && account[2] !== '0');
  return [...new Set([...(fields[3]?.split(',') ?? []), ...primary.map(([name = '']) => name)])].filter(Boolean);
}
