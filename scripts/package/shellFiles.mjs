// Completions and the manual page, as the command itself prints them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** The places below /usr/local/share at which each shell, and man, look for them. */
const PLACES = {
  bash: 'bash-completion/completions/classroom-tunnel',
  zsh: 'zsh/site-functions/_classroom-tunnel',
  fish: 'fish/vendor_completions.d/classroom-tunnel.fish',
  man: 'man/man1/classroom-tunnel.1',
};

/**
 * Writes the files of dist/cli.js, which is built already.
 * @param {string} folder stands for /usr/local/share
 */
export function writeShellFiles(folder) {
  for (const [kind, place] of Object.entries(PLACES)) {
    const file = join(folder, place);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, execFileSync(process.execPath, [cli, 'completion', kind]));
  }
}
