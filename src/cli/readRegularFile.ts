// Reads a file whose owner matters.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/**
 * Reads a regular file. It is opened once, so owner and mode are those of what is read, whatever takes its name since.
 * A FIFO does not block.
 * @param check runs before anything is read
 * @throws Error with a `code` as in errno(3), or `ENOTREG`
 */
export function readRegularFile(file: string, check?: (stats: Stats) => void): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    check?.(stats);
    if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (!stats.isFile()) throw Object.assign(new Error('is not a regular file'), { code: 'ENOTREG' });
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Why a file could not be read, to follow "file: ". */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'this account may not read it';
  if (code === 'ENOTREG') return 'it is not a regular file';
  return code === 'EISDIR' ? 'it is a folder' : message;
}
