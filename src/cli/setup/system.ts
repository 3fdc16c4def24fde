// Reads the accounts of this machine, and runs the system's tools.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FixableError } from '../../provisioning/errors.ts';

/** Entries of a directory of this machine, as their fields. */
export function getent(database: 'passwd' | 'group', ...names: readonly string[]): string[][] {
  const { stdout } = spawnSync('getent', [database, ...names], { encoding: 'utf8' }) as { stdout: string | null };
  return (stdout ?? '').split('\n').flatMap((line) => (line === '' ? [] : [line.split(':')]));
}

/** The id of an account or group; undefined if there is none. A number is its own. */
export function idOf(database: 'passwd' | 'group', name: string | number): number | undefined {
  if (typeof name === 'number') return name;
  const id = getent(database, name)[0]?.[2];
  return id === undefined ? undefined : Number(id);
}

/** The id of the account's own group; undefined if there is no such account. */
export function primaryGroupOf(user: string): number | undefined {
  const id = getent('passwd', user)[0]?.[3];
  return id === undefined ? undefined : Number(id);
}

/** The users whose group or additional group this is, without root; none if there is no such group. */
export function membersOf(group: string): string[] {
  const [, , gid, listed] = getent('group', group)[0] ?? [];
  const primary = getent('passwd').filter((fields) => fields[3] === gid && fields[2] !== '0');
  return [...new Set([...(listed?.split(',') ?? []), ...primary.map(([name]) => name ?? '')])].filter(Boolean);
}

/** Runs a tool of the system. @returns its output @throws FixableError `setup-unwritable` with what it said */
export function runTool(command: string, args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  const problem = error ? error.message : stderr.trim() || `it ended with code ${status}`;
  throw new FixableError('setup-unwritable', { file: [command, ...args].join(' '), problem });
}

/** Whether a tool of the system ends with code 0. */
export function toolSucceeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** The path of a command in these folders; undefined if none has it. */
export function findProgram(command: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs `work` and turns what the disk refuses into a message that names the file. */
export function nameFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof FixableError) throw error;
    const problem = code === 'EACCES' || code === 'EPERM' ? 'this account may not write it' : message;
    throw new FixableError('setup-unwritable', { file, problem }, { cause: error });
  }
}
