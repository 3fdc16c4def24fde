// The key that signs a student's access cookies: kept beside their relay sockets, so that visitors are asked once.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const bytes = 32;
const ownOnly = 0o600;

/**
 * Reads the key, or makes it. Where it can be neither, the key is new for this process.
 * @param folder of the student's relay sockets, in which no other account may write
 * @returns 32 bytes in base64
 */
export function accessKey(folder: string): string {
  const file = join(folder, 'visitors.key');
  const fresh = randomBytes(bytes).toString('base64');
  try {
    return readKey(file) ?? makeKey(file, fresh);
  } catch {
    return fresh;
  }
}

/** Undefined where there is none, or one that another account could read or has written. */
function readKey(file: string): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { uid, mode } = fstatSync(descriptor);
    const text = readFileSync(descriptor, 'utf8');
    const isOwn = uid === process.getuid?.() && (mode & 0o077) === 0;
    return isOwn && Buffer.from(text, 'base64').length === bytes ? text : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Two processes that make it at once get the same. */
function makeKey(file: string, fresh: string): string {
  const scratch = `${file}.${process.pid}`;
  writeFileSync(scratch, fresh, { mode: ownOnly, flag: 'wx' });
  try {
    linkSync(scratch, file);
    return fresh;
  } catch {
    return readKey(file) ?? fresh;
  } finally {
    rmSync(scratch, { force: true });
  }
}
