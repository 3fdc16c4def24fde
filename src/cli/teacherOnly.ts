// The gate before a teacher's commands.
import type { Stats } from 'node:fs';
import type { Config } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import type { Caller } from './caller.ts';
import { statOf, tryReadSession, type Surroundings } from './session.ts';

type Ownership = Pick<Stats, 'uid' | 'mode'>;

/** The accounts that may write in the state folder, by its mode: its owner, its group or every account. */
export type Sharing = 'private' | 'group' | 'everybody';

export function sharingOf({ mode }: Pick<Stats, 'mode'>): Sharing {
  if ((mode & 0o002) !== 0) return 'everybody';
  return (mode & 0o020) !== 0 ? 'group' : 'private';
}

/**
 * Lets only teachers pass: root, the owner of the state folder and the users in `teachers`; in shared mode every caller.
 * Makes no API call. If the configuration cannot be used, only the service rejects: the command itself says what is wrong with it.
 * @throws FixableError `teacher-only`
 */
export function requireTeacher(verb: string, { env, peer }: Surroundings): void {
  const session = tryReadSession({ env, peer });
  const isAllowed = session
    ? isTeacher(session.config, session.caller, statOf(session.config.stateDir))
    : peer === undefined;
  if (!isAllowed) throw new FixableError('teacher-only', { verb, user: session?.caller.user ?? 'the caller' });
}

/** @param folder the state folder; undefined before there is one. Pure. */
export function isTeacher(
  { teachers }: Pick<Config, 'teachers'>,
  { uid, user, isGuest }: Caller,
  folder: Ownership | undefined,
): boolean {
  if (teachers.includes(user)) return true;
  if (isGuest) return false;
  return uid === 0 || folder === undefined || folder.uid === uid || sharingOf(folder) !== 'private';
}
