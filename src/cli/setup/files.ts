// The files, folders and accounts of a class on this machine.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { FixableError } from '../../provisioning/errors.ts';
import type { Mode } from './answers.ts';

/** Whose the token file and the state folder are to be, and who else may use them. Everybody may pass through the folder: the relays' sockets are in it. */
export interface Owners {
  readonly uid: number;
  readonly gid: number;
  readonly folderMode: number;
  readonly tokenMode: number;
}

/**
 * In service mode the service account owns both, alone; in shared mode the students' group may use both. Whoever is not root
 * can give nothing away, and is the service account.
 * @throws FixableError `setup-incomplete` where there is no such account or group on this machine
 */
export function findOwners(
  mode: Mode,
  group: string,
  serviceAccount: string | undefined,
  self: { uid: number; gid: number },
): Owners {
  if (mode === 'shared') return { uid: self.uid, gid: lookUp('group', group), folderMode: 0o2771, tokenMode: 0o640 };
  const name = self.uid === 0 ? (serviceAccount ?? 'classroom-tunnel') : undefined;
  const uid = name === undefined ? self.uid : lookUp('passwd', name);
  if (uid === 0)
    throw new FixableError('setup-incomplete', {
      problem: 'The service account must not be root: students act as it',
      flag: '--service-account NAME',
    });
  return { uid, gid: name === undefined ? self.gid : lookUp('passwd', name, 3), folderMode: 0o711, tokenMode: 0o600 };
}

/** Replaces a file whole, unless it says this already. Answers whether it wrote. @throws FixableError `setup-unwritable` */
export function writeText(
  file: string,
  text: string,
  { mode, uid, gid }: { mode: number; uid?: number; gid?: number },
): boolean {
  return nameFile(file, () => {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return own(file, mode, uid, gid);
    mkdirSync(dirname(file), { recursive: true });
    const scratch = `${file}.${process.pid}`;
    writeFileSync(scratch, text, { mode: 0o600, flag: 'wx' });
    own(scratch, mode, uid, gid);
    renameSync(scratch, file);
    return true;
  });
}

/** Makes the state folder, or gives it its owner and mode; what is in it is left alone. Answers whether it changed something. */
export function provideFolder(
  folder: string,
  { uid, gid, folderMode }: Pick<Owners, 'uid' | 'gid' | 'folderMode'>,
): boolean {
  return nameFile(folder, () => {
    mkdirSync(dirname(folder), { recursive: true });
    const isNew = !existsSync(folder);
    if (isNew) mkdirSync(folder, { mode: 0o700 });
    return own(folder, folderMode, uid, gid) || isNew;
  });
}

/** Gives a file its mode and owner where they differ. */
function own(file: string, mode: number, uid?: number, gid?: number): boolean {
  const before = statSync(file);
  const [newUid, newGid] = [uid ?? before.uid, gid ?? before.gid];
  const differs = before.uid !== newUid || before.gid !== newGid;
  if (differs) chownSync(file, newUid, newGid);
  if (!differs && (before.mode & 0o7777) === mode) return false;
  chmodSync(file, mode); // after the owner: a change of owner takes the setgid bit away
  return true;
}

/** The users whose group or additional group this is, without root; none if there is no such group. */
export function membersOf(group: string): string[] {
  const [, , gid, listed] = getent('group', group)[0] ?? [];
  const primary = getent('passwd').filter((fields) => fields[3] === gid && fields[2] !== '0');
  return [...new Set([...(listed?.split(',') ?? []), ...primary.map(([name]) => name ?? '')])].filter(Boolean);
}

/** Entries of a directory of this machine, as their fields. */
export function getent(database: 'passwd' | 'group', ...names: readonly string[]): string[][] {
  const { stdout } = spawnSync('getent', [database, ...names], { encoding: 'utf8' }) as { stdout: string | null };
  return (stdout ?? '').split('\n').flatMap((line) => (line === '' ? [] : [line.split(':')]));
}

/** The number of an account or group, by whatever directory this machine asks. */
function lookUp(database: 'passwd' | 'group', name: string, field = 2): number {
  const number = getent(database, name)[0]?.[field];
  if (number) return Number(number);
  const [what, flag, make] =
    database === 'group'
      ? ['group', '--group NAME', `groupadd ${name}`]
      : ['account', '--service-account NAME', `useradd --system --shell /usr/sbin/nologin ${name}`];
  throw new FixableError('setup-incomplete', {
    problem: `There is no ${what} "${name}" on this machine: make it (\`${make}\`), or name another`,
    flag,
  });
}

/** Runs `work` and turns what the disk refuses into a message that names the file. */
function nameFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const problem = code === 'EACCES' || code === 'EPERM' ? 'this account may not write it' : message;
    throw new FixableError('setup-unwritable', { file, problem }, { cause: error });
  }
}
