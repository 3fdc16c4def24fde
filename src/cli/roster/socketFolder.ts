// The folder of a student's relay sockets, which only root can make in service mode.
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { socketFolder } from '../../provisioning/stateFolder.ts';
import { accountOf } from '../accounts.ts';

/** Makes the folder if it is missing. Another account than root leaves it to the student. */
export function provideSocketFolder(stateDir: string, user: string): void {
  const account = accountOf(user);
  if (!account || process.getuid?.() !== 0) return;
  const folder = join(stateDir, socketFolder, String(account.uid));
  try {
    mkdirSync(folder, { mode: 0o755 });
    chownSync(folder, account.uid, account.gid);
  } catch (error) {
    // It is there already, or the class is not set up to its end: the doctor says which.
    if (!['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
