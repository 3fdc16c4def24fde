/** Runs one test with its own stand-in, code-server with the extension, and fresh browser, and ends them afterwards. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import { freePort, startClassroom } from '../../demo/classroom.ts';
import type { Classroom, ClassroomOptions } from '../../demo/classroom.ts';
import { installExtensions } from '../../demo/codeServer.ts';
import { closeSharedBrowser, openProfile, requireEnvironment } from './browser.ts';
import { keepEvidence } from './evidence.ts';
import { waitForPort } from './studentProcesses.ts';
import { Workbench } from './workbench.ts';
import type { Terminal } from './workbench.ts';

export interface Session {
  readonly classroom: Classroom;
  readonly browser: Browser;
  /** The student's browser. Its pages share storage, as the windows of one browser do. */
  readonly context: BrowserContext;
  /** Opens a window of the student's code-server. */
  readonly openWindow: () => Promise<Workbench>;
  /** Opens a terminal that has the student's port. */
  readonly openTerminal: (window: Workbench) => Promise<Terminal>;
}

export type SessionOptions = Partial<ClassroomOptions> & { readonly browserFlags?: readonly string[] };

const open = new Set<() => Promise<void>>();

/** All sessions of a run use one address for code-server, so that the browser finds the workbench in its cache. */
let port: number | undefined;
const codeServerPort = async (): Promise<number> => (port ??= await freePort(0));

/** The extension is installed once for all sessions of a run. */
let installing: Promise<string> | undefined;
const installedExtensions = (): Promise<string> =>
  (installing ??= (async () => {
    const root = await mkdtemp(join(tmpdir(), 'classroom-tunnel-extensions-'));
    const folder = join(root, 'extensions');
    await installExtensions(requireEnvironment('CODE_SERVER'), [requireEnvironment('VSIX')], root, folder);
    await promisify(execFile)('chmod', ['--recursive', 'a+rX', root]); // a session of another account reads it too
    return folder;
  })());

/** Ends and removes everything that the sessions of a run share. */
export async function closeShared(): Promise<void> {
  const [extensions] = await Promise.allSettled([installing, closeSharedBrowser()]);
  if (extensions.status === 'fulfilled' && extensions.value !== undefined)
    await rm(dirname(extensions.value), { recursive: true });
}

/** An interrupted run leaves no process and no file behind. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(
    signal,
    () =>
      void Promise.allSettled([...open].map((close) => close()))
        .then(closeShared)
        .finally(() => process.exit(1)),
  );
}

/**
 * Runs a test in a session of its own.
 * @param title names the pictures that are kept when it fails
 */
export async function withCodeServer(
  title: string,
  test: (session: Session) => Promise<void>,
  options: SessionOptions = {},
): Promise<void> {
  const stopping = new AbortController();
  const starting = startClassroom({
    codeServer: requireEnvironment('CODE_SERVER'),
    extensions: await installedExtensions(),
    signal: stopping.signal,
    favouritePort: 0, // two runs at once must not both choose 3000
    port: await codeServerPort(),
    flags: process.env.CODE_SERVER_FLAGS?.split(' '),
    ...options,
  });
  const close = async (): Promise<void> => {
    stopping.abort();
    await Promise.allSettled([starting.then((classroom) => classroom.close())]);
    open.delete(close);
  };
  open.add(close);
  try {
    const classroom = await starting;
    const { browser, context, closeProfile } = await openProfile(
      new URL(classroom.codeServer.url).origin,
      options.browserFlags,
    );
    try {
      await test({
        classroom,
        browser,
        context,
        openWindow: () => Workbench.open(context, classroom.codeServer.url),
        openTerminal: async (window) => {
          const terminal = await window.openTerminal();
          await waitForPort(classroom);
          return terminal;
        },
      });
    } catch (error) {
      await keepEvidence({ context, classroom }, title);
      throw error;
    } finally {
      await closeProfile();
    }
  } finally {
    await close();
  }
}
