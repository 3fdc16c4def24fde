/** Steps and times that the tests of windows and terminals share. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { STUDENT } from '../../demo/classroom.ts';
import type { Classroom } from '../../demo/classroom.ts';
import { signalIfThere } from '../../demo/marked.ts';
import { waitUntilPublished } from './cloudflare.ts';
import { guardiansOf, waitForProcesses } from './studentProcesses.ts';
import type { StudentProcess } from './studentProcesses.ts';
import { expectSoon, waitFor } from './waiting.ts';
import type { Session } from './withCodeServer.ts';
import type { Terminal, Workbench } from './workbench.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Short, so that a test of the end of the grace need not wait for the default's ten seconds. */
export const GRACE_SECONDS = 3;
export const SHORT_GRACE = { settings: { 'classroomTunnel.graceSeconds': GRACE_SECONDS } };
/** Longer than any test, so that the end of the grace is never the cause of what a test sees. */
export const LONG_GRACE = { settings: { 'classroomTunnel.graceSeconds': 600 } };
/** The grace, plus the time that the command takes on a busy machine. */
export const AFTER_GRACE_MILLISECONDS = 20_000;

/** Longer than a site takes to go live on a busy machine. */
const LIVE_MILLISECONDS = 12_000;

/** Matches the status bar's text while the site is live. */
export const live = ({ hostname }: Classroom): RegExp => new RegExp(`^\\s*${hostname}\\s*$`);
export const stopped = ({ hostname }: Classroom): string => `${hostname}: server stopped`;

/** Opens a terminal, starts the dev server in it, and waits until the site is live. */
export async function goLive({ classroom, openTerminal }: Session, window: Workbench): Promise<Terminal> {
  const terminal = await openTerminal(window);
  await terminal.type('npm run dev');
  await expectSoon(async () => {
    // VS Code may replace a new terminal's shell at the moment of Enter. A student who sees an empty prompt types again.
    if (await terminal.isEmpty()) await terminal.type('npm run dev');
    await window.waitForStatus(live(classroom), LIVE_MILLISECONDS);
  }, 'the site to go live');
  await waitUntilPublished(classroom);
  return terminal;
}

/** Counts the calls of Cloudflare's API while `doing` runs. */
export async function apiCallsDuring({ standIn }: Classroom, doing: () => Promise<void>): Promise<number> {
  const before = standIn.requests.length;
  await doing();
  return standIn.requests.length - before;
}

/** Runs the command line tool as the student, outside any window. Returns its stdout. */
export async function runCli({ configFile }: Classroom, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, CLASSROOM_TUNNEL_CONFIG: configFile, CLASSROOM_TUNNEL_USER: STUDENT };
  return (await promisify(execFile)(process.execPath, [CLI, ...args], { env })).stdout;
}

/**
 * Ends the grace of a guardian early, once the next window holds the publication too: a guardian releases its hold when it
 * gets SIGTERM.
 */
export async function endGrace(classroom: Classroom, guardian: StudentProcess): Promise<void> {
  await waitFor(async () => (await holdersOf(classroom)).length === 2, 'the next window to hold the publication too');
  signalIfThere(guardian.pid, 'SIGTERM');
  await waitForProcesses(guardiansOf, classroom, 1, ({ pid }) => pid !== guardian.pid);
}

/** The ids of the holders of the student's publication. */
export async function holdersOf(classroom: Classroom): Promise<string[]> {
  const lines = (await runCli(classroom, 'list', '--json')).trim().split('\n');
  const { publications = [] } = JSON.parse(lines.at(-1) ?? '{}') as { publications?: { holders: string[] }[] };
  return publications.flatMap(({ holders }) => holders);
}
