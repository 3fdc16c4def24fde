// The archive for a server: what is shipped, with an installer that needs neither a compiler nor a download.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeShellFiles } from './shellFiles.mjs';
import { runOrFail } from '../setup/processes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Source and place in the archive. */
const CONTENT = [
  ['install/install.sh', 'install.sh'],
  ['dist/cli.js', 'cli.js'],
  ['dist/relay.cjs', 'relay.cjs'],
  ['shell-integration', 'shell-integration'],
  ['LICENSE', 'LICENSE'],
];

/**
 * Packs what is in dist/. The same content gives the same bytes.
 * @param {{version: string, vsix: string, tarball: string}} paths the extension's package, and the archive to write
 */
export async function packageTarball({ version, vsix, tarball }) {
  const scratch = mkdtempSync(join(tmpdir(), 'classroom-tunnel-tarball-'));
  const name = `classroom-tunnel-${version}`;
  const folder = join(scratch, name);
  try {
    mkdirSync(join(folder, 'units'), { recursive: true });
    for (const [source, place] of CONTENT) cpSync(join(root, source), join(folder, place), { recursive: true });
    for (const unit of readdirSync(join(root, 'install')).filter((file) => /\.(service|socket|timer)$/.test(file)))
      cpSync(join(root, 'install', unit), join(folder, 'units', unit));
    cpSync(vsix, join(folder, 'classroom-tunnel.vsix'));
    writeShellFiles(join(folder, 'share'));
    writeFileSync(join(folder, 'VERSION'), `${version}\n`);
    writeFileSync(join(folder, 'SHA256SUMS'), checksums(folder, filesOf(folder)));
    const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=go=u-w'];
    await runOrFail('tar', ['-C', scratch, ...same, '-I', 'gzip -n', '-cf', tarball, name]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Lines for `sha256sum --check`.
 * @param {string} folder
 * @param {readonly string[]} files relative to the folder
 */
export function checksums(folder, files) {
  const sumOf = (file) =>
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex');
  return files.map((file) => `${sumOf(file)}  ${file}\n`).join('');
}

/** The files below a folder, relative to it. */
function filesOf(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => statSync(join(folder, name)).isFile()).sort();
}

/** Writes the checksums of the files of a release beside them. */
export function writeChecksums(folder, files) {
  writeFileSync(
    join(folder, 'SHA256SUMS'),
    checksums(
      folder,
      files.map((file) => basename(file)),
    ),
  );
}
