// Writes the roster into the configuration file, whose other keys and mode stay.
import { copyFileSync, readFileSync, renameSync, statSync, writeFileSync, chownSync } from 'node:fs';
import { FixableError } from '../../provisioning/errors.ts';
import { reasonOf } from '../readRegularFile.ts';
import type { Roster } from './plan.ts';

/**
 * Replaces the file whole, and keeps the one before as FILE.bak.
 * @param check throws if the new text is not a valid configuration
 * @throws FixableError `config-unwritable`
 */
export function saveRoster(file: string, roster: Roster, check: (text: string) => unknown): void {
  const text = withRoster(readFileSync(file, 'utf8'), roster);
  check(text);
  try {
    const { mode, uid, gid } = statSync(file);
    copyFileSync(file, `${file}.bak`);
    const scratch = `${file}.${process.pid}`;
    writeFileSync(scratch, text, { mode: mode & 0o7777, flag: 'wx', flush: true });
    chownSync(scratch, uid, gid);
    renameSync(scratch, file);
  } catch (error) {
    throw new FixableError('config-unwritable', { file, problem: reasonOf(error) });
  }
}

/** The text of the file with this roster. Empty tables are left out. Pure. */
export function withRoster(text: string, { ports, labels, names, formerPorts }: Roster): string {
  const config = { ...(JSON.parse(text) as Record<string, unknown>), ports, labels, names, formerPorts };
  const isEmpty = (key: string, value: unknown) =>
    ['labels', 'names', 'formerPorts'].includes(key) && Object.keys(value as object).length === 0;
  const kept = Object.entries(config).filter(([key, value]) => !isEmpty(key, value));
  return `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`;
}
