/** One class for one test: the stand-in, a real code-server with the extension, and a browser that was never here; all of it ended afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { freePort, startClassroom } from '../../demo/classroom.ts';
import type { Classroom, ClassroomOptions } from '../../demo/classroom.ts';
import { installExtensions } from '../../demo/codeServer.ts';
import { closeSharedBrowser, openProfile, requireEnvironment } from './browser.ts';
import { keepEvidence } from './evidence.ts';
import { TEST_SETTINGS } from './settings.ts';
import { waitForPort } from './studentProcesses.ts';
import { Workbench } from './workbench.ts';
import type { Terminal } from './workbench.ts';

export interface Class {
  readonly classroom: Classroom;
  readonly browser: Browser;
  /** The student's browser: its windows share what a real browser's windows share. */
  readonly context: BrowserContext;
  /** Opens a window of the student's code-server. */
  readonly openWindow: () => Promise<Workbench>;
  /** Opens a terminal that has the student's port. */
  readonly openTerminal: (window: Workbench) => Promise<Terminal>;
}

export type ClassOptions = Partial<ClassroomOptions> & { readonly browserFlags?: readonly string[] };

const open = new Set<() => Promise<void>>();

/** Every class of a run has the same address for its code-server, so that the browser finds the workbench in its cache. */
let port: number | undefined;
const codeServerPort = async (): Promise<number> => (port ??= await freePort(0));

/** The extension is installed once for all classes of a run. */
let installing: Promise<string> | undefined;
const installedExtensions = (): Promise<string> =>
  (installing ??= (async () => {
    const root = await mkdtemp(join(tmpdir(), 'classroom-tunnel-extensions-'));
    const folder = join(root, 'extensions');
    await installExtensions(requireEnvironment('CODE_SERVER'), [requireEnvironment('VSIX')], root, folder);
    return folder;
  })());

/** Ends and removes what the classes of a run have shared. */
export async function closeShared(): Promise<void> {
  const [extensions] = await Promise.allSettled([installing, closeSharedBrowser()]);
  if (extensions.status === 'fulfilled' && extensions.value !== undefined)
    await rm(dirname(extensions.value), { recursive: true });
}

/** A run that is interrupted leaves nothing behind either. */
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
 * Runs a test in a class of its own.
 * @param title names what is kept of it when it fails
 */
export async function withClass(
  title: string,
  test: (it: Class) => Promise<void>,
  options: ClassOptions = {},
): Promise<void> {
  const stopping = new AbortController();
  const starting = startClassroom({
    codeServer: requireEnvironment('CODE_SERVER'),
    extensions: await installedExtensions(),
    signal: stopping.signal,
    favouritePort: 0, // two classes at once do not both find 3000 free
    port: await codeServerPort(),
    ...options,
    settings: { ...TEST_SETTINGS, ...options.settings },
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
