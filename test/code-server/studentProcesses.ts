/** The processes of a demo classroom, read from /proc. */
import { readFile } from 'node:fs/promises';
import type { Classroom } from '../../demo/classroom.ts';
import { findMarked } from '../../demo/marked.ts';
import { waitFor } from './waiting.ts';

export interface StudentProcess {
  readonly pid: number;
  readonly commandLine: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** Every process that the classroom has started, directly or not. */
export async function processesOf({ markName }: Classroom): Promise<StudentProcess[]> {
  const found = (await findMarked(markName)).map(async (pid) => {
    const [commandLine, environment] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    const pairs = (environment ?? '')
      .split('\0')
      .map((pair): [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
    return { pid, commandLine: (commandLine ?? '').replaceAll('\0', ' '), environment: new Map(pairs) };
  });
  return Promise.all(found);
}

const find = async (classroom: Classroom, pattern: RegExp): Promise<StudentProcess[]> =>
  (await processesOf(classroom)).filter(({ commandLine }) => pattern.test(commandLine));

/** The shells of the terminals: bash has VS Code's shell integration on its command line, the others are login or `-i` shells. */
export const shellsOf = (classroom: Classroom): Promise<StudentProcess[]> =>
  find(classroom, /shellIntegration-bash\.sh|^\S*\b(zsh|fish)\b/);
/** The extension hosts, including those without a window. */
export const hostsOf = (classroom: Classroom): Promise<StudentProcess[]> => find(classroom, /--type=extensionHost/);
/** The guardians of the windows. */
export const guardiansOf = (classroom: Classroom): Promise<StudentProcess[]> => find(classroom, /guardian\.sh/);
/** The student's dev servers. */
export const serversOf = (classroom: Classroom): Promise<StudentProcess[]> => find(classroom, /^node server\.mjs/);

/**
 * Waits until every shell has the student's port. VS Code restarts the shell of a terminal that was opened before the
 * extension knew the port, unless something was typed into it.
 */
export async function waitForPort(classroom: Classroom): Promise<void> {
  await waitFor(async () => {
    const shells = await shellsOf(classroom);
    return shells.length > 0 && shells.every(({ environment }) => environment.get('PORT') === String(classroom.port));
  }, `PORT=${classroom.port} in the terminals`);
}

/** Waits until exactly `count` processes are found and `pleases` holds for each of them. Returns them. */
export async function waitForProcesses(
  find: (classroom: Classroom) => Promise<StudentProcess[]>,
  classroom: Classroom,
  count: number,
  pleases: (one: StudentProcess) => boolean = () => true,
): Promise<StudentProcess[]> {
  let found: StudentProcess[] = [];
  return waitFor(async () => {
    found = await find(classroom);
    return found.length === count && found.every(pleases) && found;
  }, `${count} processes`).catch(() => {
    const lines = found.map(({ pid, commandLine }) => `${pid} ${commandLine}`);
    throw new Error([`Waited in vain for ${count} processes; found:`, ...lines].join('\n'));
  });
}
