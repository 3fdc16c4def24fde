// The gate before a teacher's commands.
import { statSync, type Stats } from 'node:fs';
import type { Config } from '../provisioning/config.ts';
import { MendableError } from '../provisioning/errors.ts';
import type { ActionContext } from './actions.ts';
import { identifyProcess, type Caller } from './caller.ts';
import { readSession } from './session.ts';

type Ownership = Pick<Stats, 'uid' | 'mode'>;

/** Who may write in the state folder, by its mode: its owner, its group or every account. */
export type Sharing = 'private' | 'group' | 'everybody';

export function sharingOf({ mode }: Pick<Stats, 'mode'>): Sharing {
  if ((mode & 0o002) !== 0) return 'everybody';
  return (mode & 0o020) !== 0 ? 'group' : 'private';
}

/**
 * Lets only teachers pass: root, the owner of the state folder and the users in `teachers`; in shared mode every caller.
 * Makes no API call. A broken configuration is left to the command itself, unless the caller came through sudo.
 * @throws MendableError `teacher-only`
 */
export function requireTeacher(verb: string, { env }: Pick<ActionContext, 'env'>): void {
  try {
    const { config, caller } = readSession(env);
    const folder = statSync(config.stateDir, { throwIfNoEntry: false });
    if (!isTeacher(config, caller, folder)) throw new MendableError('teacher-only', { verb, user: caller.user });
  } catch (error) {
    const isRefusal = !(error instanceof MendableError) || error.code === 'teacher-only';
    if (isRefusal || identifyProcess(env).isGuest) throw error;
  }
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
