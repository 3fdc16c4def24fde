// `npm run package`: the VSIX, from an allow-list of files, held to its limits; the archive for a server; their checksums.
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageTarball, writeChecksums } from './package/tarball.mjs';
import { provideDependencies } from './setup/dependencies.mjs';
import { SetUpError, runOrFail } from './setup/processes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const KILOBYTE = 1_000;
const LIMITS = { vsix: 450 * KILOBYTE, bundle: 190 * KILOBYTE };

const kilobytes = (bytes) => `${(bytes / KILOBYTE).toFixed(1)} KB`;

/** Builds what is shipped into dist/. */
export const build = () => runOrFail(process.execPath, ['esbuild.mjs'], { cwd: root });

/**
 * Builds, and packs the extension.
 * @param {string} packagePath the VSIX to write
 * @returns {Promise<{vsix: number, bundle: number}>} the sizes of the package and of the window's own bundle, in bytes
 * @throws {SetUpError} with the figures when either is over its limit
 */
export async function packageExtension(packagePath) {
  await build();
  mkdirSync(dirname(packagePath), { recursive: true });
  // As a command, as it talks on stdout, which `npm start -- --json` keeps for its one line.
  await runOrFail(
    process.execPath,
    [
      'node_modules/@vscode/vsce/vsce',
      'package',
      '--no-dependencies',
      '--allow-missing-repository',
      '--no-rewrite-relative-links',
      '--out',
      packagePath,
    ],
    { cwd: root },
  );
  const sizes = { vsix: statSync(packagePath).size, bundle: statSync(join(root, 'dist', 'extension.cjs')).size };
  for (const name of ['vsix', 'bundle']) {
    if (sizes[name] > LIMITS[name]) {
      throw new SetUpError(
        `The ${name} has ${kilobytes(sizes[name])}; at most ${kilobytes(LIMITS[name])} are allowed.`,
      );
    }
  }
  return sizes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await provideDependencies(root);
    const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const file = `${name}-${version}.vsix`;
    const { vsix, bundle } = await packageExtension(join(root, file));
    console.log(`${file}: ${kilobytes(vsix)}; the window's bundle: ${kilobytes(bundle)}`);
    const tarball = `${name}-${version}.tar.gz`;
    await packageTarball({ version, vsix: join(root, file), tarball: join(root, tarball) });
    writeChecksums(root, [file, tarball]);
    console.log(`${tarball}: ${kilobytes(statSync(join(root, tarball)).size)}; checksums: SHA256SUMS`);
  } catch (error) {
    console.error(error instanceof SetUpError ? error.message : error);
    process.exitCode = 1;
  }
}
