// Reads one file, folder or link of /proc, where anything may be gone or hidden at any moment: then it is undefined, never an error.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export function readText(path: string): string | undefined {
  return unlessHidden(() => readFileSync(path, 'utf8'));
}

export function readFolder(path: string): string[] {
  return unlessHidden(() => readdirSync(path)) ?? [];
}

export function readLink(path: string): string | undefined {
  return unlessHidden(() => readlinkSync(path));
}

/** What the kernel says of a process that has ended (ESRCH once its file is open) or that is not ours to look at. */
const hidden = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR', 'EINVAL']);

function unlessHidden<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hidden.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
