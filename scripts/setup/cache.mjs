// The cache folder: what takes minutes to make is made once per version, and never trusted when it is only half made.
import { mkdtemp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { removeWhenStopped } from './processes.mjs';

const STAMP = 'complete';
const BUILDING = '.building-';
/** No build takes this long; an unfinished folder that is older was left by a killed process. */
const ABANDONED_MILLISECONDS = 2 * 3_600_000;

/** The cache of this project, outside the repository. */
export const cacheRoot = (env = process.env) =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'classroom-tunnel');

const isComplete = async (folder, key) => (await readFile(join(folder, STAMP), 'utf8').catch(() => '')) === key;

async function removeAbandoned(root) {
  for (const name of (await readdir(root)).filter((entry) => entry.startsWith(BUILDING))) {
    const age = Date.now() - ((await stat(join(root, name)).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > ABANDONED_MILLISECONDS) await rm(join(root, name), { recursive: true, force: true });
  }
}

/**
 * The folder `root/key`, made by `build` when it is not there complete.
 *
 * It is built in a folder beside and renamed at the end, with its stamp inside: a folder without a stamp is an accident and
 * is built anew. Two processes at once build one each, and the second finds the first one's and takes that.
 * @param {string} root
 * @param {string} key names the content: everything that a version depends on
 * @param {(folder: string) => Promise<void>} build must not write the folder's own path into anything
 * @returns {Promise<string>}
 */
export async function cached(root, key, build) {
  const folder = join(root, key);
  if (await isComplete(folder, key)) return folder;
  await mkdir(root, { recursive: true });
  await removeAbandoned(root);
  const building = await mkdtemp(join(root, BUILDING));
  const keep = removeWhenStopped(building);
  try {
    await build(building);
    await writeFile(join(building, STAMP), key);
    if (!(await isComplete(folder, key))) await moveInto(building, folder, key);
  } finally {
    await rm(building, { recursive: true, force: true });
    keep();
  }
  return folder;
}

async function moveInto(building, folder, key) {
  try {
    await rename(building, folder);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    if (await isComplete(folder, key)) return;
    const broken = `${building}-broken`;
    await rename(folder, broken);
    await rename(building, folder);
    await rm(broken, { recursive: true, force: true });
  }
}
