/** One class for one test: the stand-in, a real code-server with the extension, and a browser of its own; all of it ended afterwards. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext } from 'playwright-core';
import { startClassroom } from '../../demo/classroom.ts';
import type { Classroom, ClassroomOptions } from '../../demo/classroom.ts';
import { launchBrowser, requireEnvironment } from './browser.ts';
import { TEST_SETTINGS } from './settings.ts';
import { waitForPort } from './studentProcesses.ts';
import { Workbench } from './workbench.ts';
import type { Terminal } from './workbench.ts';

/** Where pictures go: of the window for the README, and of what a failed test saw. */
export const PICTURES = fileURLToPath(new URL('../../out/pictures/', import.meta.url));

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

const open = new Set<() => Promise<void>>();

/** A run that is interrupted leaves nothing behind either. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void Promise.allSettled([...open].map((close) => close())).then(() => process.exit(1)));
}

/**
 * Runs a test in a class of its own.
 * @param title names the picture that is taken of every page when the test fails
 */
export async function withClass(title: string, test: (it: Class) => Promise<void>, options: Partial<ClassroomOptions> = {}): Promise<void> {
  const stopping = new AbortController();
  const starting = startClassroom({
    codeServer: requireEnvironment('CODE_SERVER'), extensions: [requireEnvironment('VSIX')], signal: stopping.signal,
    favouritePort: 0, // two classes at once do not both find 3000 free
    ...options, settings: { ...TEST_SETTINGS, ...options.settings },
  });
  const launching = launchBrowser();
  const close = async (): Promise<void> => {
    stopping.abort();
    const closing = [starting.then((classroom) => classroom.close()), launching.then((browser) => browser.close())];
    await Promise.allSettled(closing);
    open.delete(close);
  };
  open.add(close);
  try {
    const [classroom, browser] = await Promise.all([starting, launching]);
    const context = await browser.newContext();
    try {
      await test({
        classroom, browser, context,
        openWindow: () => Workbench.open(context, classroom.codeServer.url),
        openTerminal: async (window) => {
          const terminal = await window.openTerminal();
          await waitForPort(classroom);
          return terminal;
        },
      });
    } catch (error) {
      await takePictures(browser, title);
      throw error;
    }
  } finally {
    await close();
  }
}

async function takePictures(browser: Browser, title: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  const pages = browser.contexts().flatMap((context) => context.pages());
  const shots = pages.map((page, index) => page.screenshot({ path: `${PICTURES}failed-${title.replaceAll(/\W+/g, '-')}-${index}.png` }));
  await Promise.allSettled(shots);
}
