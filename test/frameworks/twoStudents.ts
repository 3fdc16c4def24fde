// Two students run Vite at once under two real accounts, one on 5173 and one on the next port, and visitors of each reach the
// right one. There are no windows: each account has a relay and the command, called as a window calls them.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { ended, signalIfThere } from '../../demo/marked.ts';
import { sniffPort } from '../../src/relay/sniffPort.ts';
import { startRelay } from '../../src/relay/relayProcess.ts';
import type { RelayProcess } from '../../src/relay/relayProcess.ts';
import { findTarget } from '../../src/relay/target.ts';
import type { Target } from '../../src/relay/forward.ts';
import { listenersOf } from '../../src/shell/listeners.ts';
import { descendants } from '../../src/shell/processes.ts';
import { waitFor } from '../code-server/waiting.ts';
import { Classroom } from '../fixtures/provisioning/classroom.ts';
import type { Https } from './https.ts';
import type { Project } from './project.ts';

const run = promisify(execFile);
const relayProgram = fileURLToPath(new URL('../../dist/relay.cjs', import.meta.url));
/** Only root can use several accounts; otherwise both students share one. */
const isRoot = process.getuid?.() === 0;
const accountOf = (number: number): number => 21_000 + number;
/** The first start of a tool compiles its dependencies. Milliseconds. */
const startLimit = 180_000;
const pageLimit = 60_000;

interface Student {
  readonly name: string;
  readonly port: number;
  readonly relay: RelayProcess;
  readonly target: Target;
  readonly url: string;
}

/** @throws AssertionError when a visitor reaches another site than the one requested */
export async function checkTwoStudents(browser: Browser, https: Https, project: Project): Promise<void> {
  const classroom = await Classroom.start({
    config: { publicUrl: `https://{hostname}:${https.port}`, ports: { student1: 3001, student2: 3002 } },
  });
  process.once('exit', () => rmSync(classroom.folder, { recursive: true, force: true }));
  const undo: (() => Promise<void>)[] = [() => classroom.close()];
  try {
    https.leadTo(classroom.standIn.edgePort);
    await share(classroom);
    const [first, second] = await Promise.all([1, 2].map((number) => goLive(classroom, project, number, undo)));
    assert.ok(first && second);
    assert.notEqual(first.target.port, second.target.port, 'two servers, two ports');
    for (const { port, target } of [first, second]) assert.notEqual(target.port, port, 'Vite takes a port of its own');
    assert.deepEqual(
      await Promise.all([first, second].map(({ url }) => headingAt(browser, url))),
      [first, second].map(({ name }) => `Site of ${name}`),
    );
    if (!isRoot) return;
    second.relay.setTarget(first.target); // a relay connects to no other user's server, whatever its target
    assert.equal(await headingAt(browser, second.url), 'student2.example.com is not running right now');
  } finally {
    for (const step of undo.reverse()) await step().catch((error: unknown) => console.error(error));
  }
}

/** Opens the folder to every account, as in a class without sudo. */
async function share(classroom: Classroom): Promise<void> {
  await chmod(classroom.folder, 0o755);
  await chmod(classroom.tokenFile, 0o644);
  await mkdir(classroom.stateDir);
  await chmod(classroom.stateDir, 0o777);
  await copyFile(relayProgram, join(classroom.folder, 'relay.cjs'));
}

/** Does what a window does after `npm run dev`: finds the server's port and publishes it through the student's relay. */
async function goLive(
  classroom: Classroom,
  project: Project,
  number: number,
  undo: (() => Promise<void>)[],
): Promise<Student> {
  const name = `student${number}`;
  const port = 3000 + number;
  const through = isRoot
    ? ['setpriv', `--reuid=${accountOf(number)}`, `--regid=${accountOf(number)}`, '--clear-groups']
    : [];
  const home = await makeHome(classroom, project, name, number);
  const server = startServer(
    join(home, 'app'),
    {
      PATH: `${project.nodeFolder}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      PORT: String(port),
      ...project.variables,
    },
    through,
  );
  undo.push(() => endGroup(server));
  const info = await classroom.done(['info'], { user: name, through });
  const folder = String(info['socketFolder']);
  await run('env', [...through, 'mkdir', '-p', folder]);
  const node = join(home, 'node');
  await writeFile(node, `#!/bin/sh\nexec ${[...through, process.execPath].join(' ')} "$@"\n`, { mode: 0o755 });
  const url = String(info['url']);
  const relay = await startRelay({
    command: [node, join(classroom.folder, 'relay.cjs')],
    socket: join(folder, `${port}.sock`),
    publicUrl: url,
    graceSeconds: 0,
    env: {},
  });
  undo.push(async () => {
    relay.end();
    await relay.exited;
  });
  const target = await waitFor(
    async () => {
      assert.equal(server.exitCode, null, `${name}'s server has ended`);
      return findTarget(listenersOf(descendants(server.pid ?? 0).map(({ pid }) => pid)), port, sniffPort);
    },
    `${name}'s server to listen`,
    startLimit,
  );
  relay.setTarget(target);
  await classroom.done(['publish', '-p', String(port), '--holder', 'window-1', '--relay'], { user: name, through });
  return { name, port, relay, target, url };
}

/** A copy of the project with the student's name as its heading. */
async function makeHome(classroom: Classroom, project: Project, name: string, number: number): Promise<string> {
  const home = join(classroom.folder, name);
  await mkdir(home);
  await run('cp', ['-a', project.folder, join(home, 'app')]);
  const page = join(home, 'app', project.edit.file);
  await writeFile(page, (await readFile(page, 'utf8')).replace(project.edit.from, `Site of ${name}</h1>`));
  if (isRoot) await run('chown', ['-R', String(accountOf(number)), home]);
  return home;
}

/** In a process group of its own, so that all its processes can be killed. */
function startServer(cwd: string, env: NodeJS.ProcessEnv, through: readonly string[]): ChildProcess {
  return spawn('env', [...through, 'npm', 'run', 'dev'], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: 'ignore',
  });
}

async function endGroup(server: ChildProcess): Promise<void> {
  if (server.pid !== undefined) signalIfThere(-server.pid, 'SIGKILL');
  await ended(server);
}

/** The heading that a visitor sees. */
async function headingAt(browser: Browser, url: string): Promise<string> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    await page.goto(url, { timeout: pageLimit });
    return await page.getByRole('heading', { level: 1 }).innerText({ timeout: pageLimit });
  } finally {
    await context.close();
  }
}

/** The name of this check, for the summary. */
export const twoStudents = `two students run Vite at once${isRoot ? ', each under an account of their own' : ', both under one account: only root has several'}`;
