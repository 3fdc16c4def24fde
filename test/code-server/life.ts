/** What the tests of window and terminal life have in common. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { STUDENT } from '../../demo/classroom.ts';
import type { Classroom } from '../../demo/classroom.ts';
import { signalIfThere } from '../../demo/marked.ts';
import { waitUntilPublished } from './cloudflare.ts';
import { guardiansOf, waitForProcesses } from './studentProcesses.ts';
import type { StudentProcess } from './studentProcesses.ts';
import { waitFor } from './waiting.ts';
import type { Class } from './withClass.ts';
import type { Terminal, Workbench } from './workbench.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Short, so that a test of what happens after it does not wait for the default's ten seconds. */
export const GRACE_SECONDS = 3;
export const SHORT_GRACE = { settings: { 'classroomTunnel.graceSeconds': GRACE_SECONDS } };
/** So long that nothing in a test happens because it is over: what happens has another cause. */
export const LONG_GRACE = { settings: { 'classroomTunnel.graceSeconds': 600 } };
/** The grace and the command's own time on a busy machine. */
export const AFTER_GRACE_MILLISECONDS = 20_000;

/** The status bar's text while the site is live. */
export const live = ({ hostname }: Classroom): RegExp => new RegExp(`^\\s*${hostname}\\s*$`);
export const stopped = ({ hostname }: Classroom): string => `${hostname}: server stopped`;

/** Opens a terminal in the window and starts the development server; everything is live when this resolves. */
export async function goLive({ classroom, openTerminal }: Class, window: Workbench): Promise<Terminal> {
  const terminal = await openTerminal(window);
  await terminal.type('npm run dev');
  await window.waitForStatus(live(classroom));
  await waitUntilPublished(classroom);
  return terminal;
}

/** Does something and gives how many calls of Cloudflare's API it made. */
export async function apiCallsDuring({ standIn }: Classroom, doing: () => Promise<void>): Promise<number> {
  const before = standIn.requests.length;
  await doing();
  return standIn.requests.length - before;
}

/** Runs the command line tool as the student, outside any window. */
export async function runCli({ configFile }: Classroom, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, CLASSROOM_TUNNEL_CONFIG: configFile, CLASSROOM_TUNNEL_USER: STUDENT };
  return (await promisify(execFile)(process.execPath, [CLI, ...args], { env })).stdout;
}

/** Waits until the window that follows holds the publication too, and ends the grace of a guardian early: told to stop, it lets go at once. */
export async function endGrace(classroom: Classroom, guardian: StudentProcess): Promise<void> {
  await waitFor(
    async () => (await holdersOf(classroom)).length === 2,
    'the window to hold the publication beside the one before it',
  );
  signalIfThere(guardian.pid, 'SIGTERM');
  await waitForProcesses(guardiansOf, classroom, 1, ({ pid }) => pid !== guardian.pid);
}

/** The ids of those who hold the student's publication. */
export async function holdersOf(classroom: Classroom): Promise<string[]> {
  const lines = (await runCli(classroom, 'list', '--json')).trim().split('\n');
  const { publications = [] } = JSON.parse(lines.at(-1) ?? '{}') as { publications?: { holders: string[] }[] };
  return publications.flatMap(({ holders }) => holders);
}
