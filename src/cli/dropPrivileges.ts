import { statSync } from 'node:fs';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom a process of root has to become before it provisions: what root leaves in a state folder that belongs to a service
 * account, that account could neither read nor replace.
 */
export function ownerToBecome(uid: number, folder: Owner | undefined): Owner | undefined {
  return uid === 0 && folder && folder.uid !== 0 ? folder : undefined;
}

/** Lets a process of root go on as the owner of the state folder, for good; anybody else stays who they are. */
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
