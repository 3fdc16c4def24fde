// Root works as the account that owns the state.
import { statSync } from 'node:fs';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account that a process of root becomes before it provisions: the owner of the state folder, which could neither read nor
 * replace root's files there. Pure.
 */
export function ownerToBecome(uid: number, folder: Owner | undefined): Owner | undefined {
  return uid === 0 && folder && folder.uid !== 0 ? folder : undefined;
}

/** Turns a process of root into one of the state folder's owner, for good. Other processes keep their account. */
export function actAsOwner(stateDir: string): void {
  if (process.getuid?.() !== 0) return;
  const owner = ownerToBecome(0, statSync(stateDir, { throwIfNoEntry: false }));
  if (!owner) return;
  try {
    (process as NodeJS.Process & { initgroups?: (user: number, group: number) => void }).initgroups?.(
      owner.uid,
      owner.gid,
    ); // not in its types
  } catch {
    process.setgroups?.([owner.gid]); // an id without an account has no groups of its own
  }
  process.setgid?.(owner.gid);
  process.setuid?.(owner.uid);
}
