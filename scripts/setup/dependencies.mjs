// node_modules: installed by `npm ci` when it is missing or is not what package-lock.json says.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrFail } from './processes.mjs';
import { withProgress } from './progress.mjs';

const readLock = async (path) => {
  try {
    return JSON.parse(await readFile(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
};

/**
 * Whether what is installed is what is locked. Optional packages may be absent: most are for other platforms.
 * @param {Record<string, {version?: string, optional?: boolean}>} locked
 * @param {Record<string, {version?: string}> | undefined} installed npm's own list, written when an install is complete
 */
export function isUpToDate(locked, installed) {
  if (installed === undefined) return false;
  return Object.entries(locked)
    .filter(([path]) => path !== '')
    .every(([path, { version, optional }]) => {
      const there = installed[path];
      return there === undefined ? optional === true : there.version === version;
    });
}

/** @param {string} root the repository's folder */
export async function provideDependencies(root) {
  const locked = await readLock(join(root, 'package-lock.json'));
  if (isUpToDate(locked ?? {}, await readLock(join(root, 'node_modules', '.package-lock.json')))) return;
  await withProgress('Installing the dependencies', () =>
    runOrFail('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root }),
  );
}
