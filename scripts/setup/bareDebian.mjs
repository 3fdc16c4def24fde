// A bare Debian with systemd, for tests that boot it: made once into the cache, by debootstrap.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheRoot, cached } from './cache.mjs';
import { provideSystem } from './debian.mjs';
import { runOrFail } from './processes.mjs';
import { withProgress } from './progress.mjs';

const RELEASE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';

/**
 * The root folder of a Debian that has never been booted. Boot it on an overlay.
 * @returns {Promise<string | undefined>} undefined for an account that is not root, which cannot make it
 */
export async function provideBareDebian(env = process.env) {
  if (process.getuid?.() !== 0) return undefined;
  const folder = await cached(cacheRoot(env), `debian-${RELEASE}-systemd`, async (building) => {
    await provideSystem([{ what: 'debootstrap', commands: ['debootstrap'], packages: ['debootstrap'] }]);
    const root = join(building, 'root');
    const include = '--include=systemd,systemd-sysv,dbus';
    await withProgress(`Installing a Debian ${RELEASE} for tests (once)`, () =>
      runOrFail('debootstrap', ['--variant=minbase', include, RELEASE, root, MIRROR], { env }),
    );
    await rm(join(root, 'var/cache/apt'), { recursive: true, force: true });
  });
  return join(folder, 'root');
}
