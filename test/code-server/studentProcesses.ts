/** The processes of a class, as the operating system shows them. */
import { readFile } from 'node:fs/promises';
import type { Classroom } from '../../demo/classroom.ts';
import { findMarked } from '../../demo/marked.ts';
import { waitFor } from './waiting.ts';

export interface StudentProcess {
  readonly pid: number;
  readonly commandLine: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** Everything that runs in this class now. */
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

/** The shells of the window's terminals: VS Code starts each with its own integration. */
export const shellsOf = (classroom: Classroom): Promise<StudentProcess[]> =>
  find(classroom, /shellIntegration-bash\.sh/);
/** The extension hosts, also those without a window. */
export const hostsOf = (classroom: Classroom): Promise<StudentProcess[]> => find(classroom, /--type=extensionHost/);
/** The guardians of the windows. */
export const guardiansOf = (classroom: Classroom): Promise<StudentProcess[]> => find(classroom, /guardian\.sh/);
/** The student's development servers. */
export const serversOf = (classroom: Classroom): Promise<StudentProcess[]> => find(classroom, /^node server\.mjs/);

/**
 * Waits until every shell has the student's port. A terminal that was opened before the extension knew the port gets it
 * from VS Code, which starts the shell anew as long as nobody has typed.
 */
export async function waitForPort(classroom: Classroom): Promise<void> {
  await waitFor(async () => {
    const shells = await shellsOf(classroom);
    return shells.length > 0 && shells.every(({ environment }) => environment.get('PORT') === String(classroom.port));
  }, `PORT=${classroom.port} in the terminals`);
}

/** Waits until there are exactly so many of a kind, all of which please; gives them. */
export async function waitForProcesses(
  find: (classroom: Classroom) => Promise<StudentProcess[]>,
  classroom: Classroom,
  count: number,
  pleases: (one: StudentProcess) => boolean = () => true,
): Promise<StudentProcess[]> {
  return waitFor(async () => {
    const found = await find(classroom);
    return found.length === count && found.every(pleases) && found;
  }, `${count} processes`);
}
