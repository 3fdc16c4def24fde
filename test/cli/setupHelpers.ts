// A class that setup has not written yet.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startClassroom, type Classroom, type Ended } from '../fixtures/provisioning/classroom.ts';

export const isRoot = process.getuid?.() === 0;
/** An account that is not root sets up for itself. */
export const account = isRoot ? ['--service-account', 'nobody'] : [];
/** Only root installs units; tests never do so on this machine. */
export const unitsOf = ({ folder }: Classroom): string[] =>
  isRoot ? ['--unit-folder', path.join(folder, 'units')] : [];
export const group =
  readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((line) => line.split(':')[2] === String(process.getgid?.()))
    ?.split(':')[0] ?? '';

/** The words that run a command where the group "students" has these members: seen only in a mount namespace. */
export function withStudents(classroom: Classroom, names: readonly string[]): string[] {
  const groups = path.join(classroom.folder, `group-${names.length}`);
  const others = readFileSync('/etc/group', 'utf8').replace(/^students:.*\n/m, '');
  writeFileSync(groups, `${others}students:x:31100:${names.join(',')}\n`);
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$1" /etc/group && shift && exec "$@"', 'sh', groups];
}

/** A class of which only Cloudflare's side is there yet. */
export async function emptyClass(): Promise<Classroom> {
  const classroom = await startClassroom();
  rmSync(classroom.configFile);
  rmSync(classroom.tokenFile);
  return classroom;
}

/** Runs setup without a terminal, and with `--yes`. */
export function setup(classroom: Classroom, ...args: string[]): Promise<Ended> {
  return setupUnasked(classroom, '--yes', ...args);
}

/** Runs setup without a terminal. */
export async function setupUnasked(classroom: Classroom, ...args: string[]): Promise<Ended> {
  const { standIn, stateDir } = classroom;
  const always = [
    '--api-base-url',
    standIn.apiUrl,
    '--state-dir',
    stateDir,
    '--group',
    group,
    ...account,
    ...unitsOf(classroom),
  ];
  return classroom.run(['setup', ...always, ...args], { env: { CLOUDFLARE_API_TOKEN: standIn.token } });
}

export function configOf({ configFile }: Classroom): Record<string, unknown> {
  return JSON.parse(readFileSync(configFile, 'utf8')) as Record<string, unknown>;
}

export const modeOf = (file: string) => (statSync(file).mode & 0o7777).toString(8);
export const changesOf = ({ standIn }: Classroom) => standIn.requests.filter(({ method }) => method !== 'GET').length;
