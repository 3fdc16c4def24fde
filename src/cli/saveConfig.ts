// Replaces the text of the configuration file, whose mode and owner stay.
import { chownSync, copyFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { FixableError } from '../provisioning/errors.ts';
import { reasonOf } from './readRegularFile.ts';

/**
 * Replaces the file whole, and keeps the one before as FILE.bak.
 * @param change gets the text and returns the new one
 * @param check throws if the new text is not a valid configuration
 * @throws FixableError `config-unwritable`
 */
export function saveConfig(file: string, change: (text: string) => string, check: (text: string) => unknown): void {
  const text = change(readFileSync(file, 'utf8'));
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

/** The text with these keys; undefined removes one. Pure. */
export function withKeys(text: string, changes: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ ...(JSON.parse(text) as object), ...changes }, undefined, 2)}\n`;
}
