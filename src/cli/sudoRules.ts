// The sudo rules of classes that older versions set up. Through them a student reaches the account of the token.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [mainFile, folder] = ['/etc/sudoers', '/etc/sudoers.d'];

/** The files of sudo that have a rule for this program; none where this account may not read them. */
export function findSudoRules(): string[] {
  const files = orElse(() => readdirSync(folder), []).map((name) => join(folder, name));
  return [mainFile, ...files].filter((file) => hasRule(orElse(() => readFileSync(file, 'utf8'), '')));
}

/** Whether a line that is no comment runs this program. Pure. */
export function hasRule(text: string): boolean {
  return text.split('\n').some((line) => /^[^#]*=[^#]*\/classroom-tunnel\b/.test(line));
}

/** How to move a class that has such a rule. */
export function stepsAwayFrom(files: readonly string[]): string[] {
  return [
    `Remove the sudo rule of an older version: through it, a student could read the API token. \`rm ${files.join(' ')}\` (a line in ${mainFile}: by \`visudo\`).`,
    'Then roll the API token in the Cloudflare dashboard, and put the new one into the token file.',
    "Remove `classroomTunnel.command` from the students' settings and CLASSROOM_TUNNEL_CLI from their shells.",
  ];
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
