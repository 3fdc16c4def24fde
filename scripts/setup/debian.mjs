// Programs that must come from the system: found, or installed where the machine allows it, or named in one line with its command.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetUpError, run, runOrFail } from './processes.mjs';
import { withProgress } from './progress.mjs';

/**
 * A thing of the system: found by `commands` (one of them on the PATH) or by `files` (one of them there), and the Debian
 * packages that bring it.
 * @typedef {{what: string, commands?: string[], files?: string[], packages: string[]}} Need
 */

const isThere = (path, mode) => {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
};

/** The full path of a command on the PATH, or undefined. */
export function findOnPath(command, env = process.env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, command)).find((path) => isThere(path, constants.X_OK));
}

/** @param {Need} need */
const isMet = (need) =>
  (need.commands ?? []).some((command) => findOnPath(command) !== undefined) ||
  (need.files ?? []).some((file) => isThere(file, constants.R_OK));

/**
 * Makes sure of all the needs.
 * @param {readonly Need[]} needs
 * @throws {SetUpError} one line that names what is missing and the command that installs it
 */
export async function provideSystem(needs) {
  const missing = needs.filter((need) => !isMet(need));
  if (missing.length === 0) return;
  const packages = missing.flatMap((need) => need.packages);
  const what = missing.map((need) => need.what).join(', ');
  const ask = new SetUpError(
    `Missing on this machine: ${what}. Install with: sudo apt-get install -y ${packages.join(' ')}`,
  );
  if (process.getuid?.() !== 0 || findOnPath('apt-get') === undefined) throw ask;

  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env });
  await withProgress(`Installing ${packages.join(' ')}`, async () => {
    if ((await install()).code === 0) return;
    // A fresh machine has no package lists yet, an old one has stale ones.
    await runOrFail('apt-get', ['update'], { env });
    const { code, output } = await install();
    if (code !== 0) throw new SetUpError(`${ask.message}\n${output.trim().split('\n').slice(-5).join('\n')}`);
  });
  const still = missing.filter((need) => !isMet(need));
  if (still.length > 0) throw ask;
}
