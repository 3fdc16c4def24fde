// Reads a file, folder or link of /proc. If it is missing or hidden, the result is undefined or empty, never an error.
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';

export function readText(path: string): string | undefined {
  return unlessHidden(() => readFileSync(path, 'utf8'));
}

export function readFolder(path: string): string[] {
  return unlessHidden(() => readdirSync(path)) ?? [];
}

export function readLink(path: string): string | undefined {
  return unlessHidden(() => readlinkSync(path));
}

/**
 * The lines of a file, read only as far as the caller asks for them.
 * @param chunkBytes how much is read at once
 */
export function* readLines(path: string, chunkBytes: number): Generator<string> {
  const file = unlessHidden(() => openSync(path, 'r'));
  if (file === undefined) return;
  try {
    const chunk = Buffer.alloc(chunkBytes);
    for (let rest = '', read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const lines = (rest + chunk.toString('latin1', 0, read)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
}

/** Errors of a path that does not exist, of a process that has ended (ESRCH once its file is open), and of another user's process. */
const hidden = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR', 'EINVAL']);

function unlessHidden<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hidden.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
