// Installs the service of a class: its units, and the folders of the students' relay sockets.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FixableError } from '../../provisioning/errors.ts';
import { socketFolder } from '../../provisioning/stateFolder.ts';
import { getent, provideFolder, writeText } from './files.ts';
import { enabledUnits, unitFiles, type UnitFacts } from './units.ts';

const unitFolder = '/etc/systemd/system';
const program = '/usr/local/bin/classroom-tunnel';

/**
 * The folder for the units; undefined where they cannot be installed.
 * @param chosen another folder, in which nothing is started
 */
export function findUnitFolder(chosen: string | undefined): string | undefined {
  if (chosen !== undefined) return chosen;
  return process.getuid?.() === 0 && existsSync('/run/systemd/system') ? unitFolder : undefined;
}

/** Writes the units, and starts them if they are the machine's. @returns the files that it changed @throws FixableError */
export function provideUnits(folder: string, facts: Omit<UnitFacts, 'program'>): string[] {
  const changed = Object.entries(unitFiles({ ...facts, program }))
    .filter(([name, text]) => writeText(join(folder, name), text, { mode: 0o644 }))
    .map(([name]) => join(folder, name));
  if (folder === unitFolder) {
    systemctl('daemon-reload');
    systemctl('enable', '--now', ...enabledUnits);
    if (changed.length > 0) systemctl('restart', ...enabledUnits);
  }
  return changed;
}

/**
 * Gives every user a folder for their relay's sockets, in a folder that belongs to root: no other account can take its name.
 * @returns the folders that it changed
 */
export function provideSocketFolders(stateDir: string, users: readonly string[]): string[] {
  const sockets = join(stateDir, socketFolder);
  const accounts = users.flatMap((user) => getent('passwd', user));
  const owned: [string, number, number][] = accounts.map(([, , uid = '', gid = '']) => [
    join(sockets, uid),
    Number(uid),
    Number(gid),
  ]);
  return [[sockets, 0, 0] as const, ...owned]
    .filter(([folder, uid, gid]) => provideFolder(folder, { uid, gid, folderMode: 0o755 }))
    .map(([folder]) => folder);
}

function systemctl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('systemctl', args, { encoding: 'utf8' });
  if (status !== 0)
    throw new FixableError('setup-unwritable', { file: `systemctl ${args.join(' ')}`, problem: stderr.trim() });
}
