// The accounts that become students.
import { FixableError } from '../../provisioning/errors.ts';
import type { Accounts } from './answers.ts';
import type { Asker } from './prompts.ts';
import { getent, membersOf } from './system.ts';

/**
 * The accounts to add to the students' group: those of the option; else, where the group has no member, those that a person picks.
 * @throws FixableError `setup-incomplete` for an account that does not exist
 */
export async function findStudents(
  asker: Asker,
  wanted: readonly string[] | undefined,
  members: readonly string[],
  accounts: Pick<Accounts, 'ordinary' | 'exists'>,
): Promise<readonly string[]> {
  const missing = wanted?.find((name) => !accounts.exists(name));
  if (missing !== undefined)
    throw new FixableError('setup-incomplete', {
      problem: `There is no account "${missing}" on this machine`,
      flag: '--students NAME,NAME with accounts that exist',
    });
  if (wanted) return wanted.filter((name) => !members.includes(name));
  const ordinary = members.length === 0 ? accounts.ordinary() : [];
  if (ordinary.length === 0) return [];
  return asker.chooseMany({ flag: '--students', message: 'The students (space to change, Enter to accept)' }, ordinary);
}

const administrators = ['root', 'sudo', 'wheel', 'admin', 'adm'];

/**
 * The accounts of people who do not administer the machine, by the usual ranges and groups of Linux. Pure.
 * @param passwd lines of the directory, as fields
 */
export function ordinaryAccounts(passwd: readonly string[][], group: readonly string[][]): string[] {
  const gids = group.filter(([name = '']) => administrators.includes(name));
  const isAdministrator = (name: string, gid: string) =>
    gids.some((fields) => fields[2] === gid || (fields[3] ?? '').split(',').includes(name));
  return passwd.flatMap(([name = '', , uid, gid = '', , , shell = '']) =>
    Number(uid) >= 1000 && Number(uid) < 60_000 && !/\/(nologin|false)$/.test(shell) && !isAdministrator(name, gid)
      ? [name]
      : [],
  );
}

/** The accounts of this machine. */
export const localAccounts: Accounts = {
  membersOf,
  ordinary: () => ordinaryAccounts(getent('passwd'), getent('group')),
  exists: (name) => getent('passwd', name).length > 0,
};
