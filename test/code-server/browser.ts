/** The Chromium that plays the student's, and the visitor's, browser. */
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext } from 'playwright-core';

/** Big enough that the status bar and a notification are in the picture. */
export const VIEWPORT = { width: 1280, height: 800 };

/**
 * Starts a headless Chromium that asks nobody on the network for anything.
 * @param flags further flags
 * @throws when CHROMIUM, which scripts/test.mjs sets, is not in the environment
 */
export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  const executablePath = requireEnvironment('CHROMIUM');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--no-first-run',
      '--disable-sync',
      '--disable-component-update',
      '--disable-dev-shm-usage',
      ...flags,
    ],
  });
}

/** What scripts/test.mjs has found or installed, and tells the tests by the environment. */
export function requireEnvironment(name: 'CHROMIUM' | 'CODE_SERVER' | 'VSIX'): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run these tests by "npm test", or "npm test -- browser"`);
  return value;
}

interface Profile {
  readonly browser: Browser;
  /** The windows of one browser, which share what a real browser's windows share. */
  readonly context: BrowserContext;
  readonly closeProfile: () => Promise<void>;
}

/** One browser for all tests of a run, for the sake of its cache: a workbench loads in half the time. */
let shared: Promise<Omit<Profile, 'closeProfile'>> | undefined;

/**
 * The browser of a person who was never here: nothing is open, and nothing is remembered of this origin but its files.
 * @param flags a browser with these is one of its own
 */
export async function openProfile(origin: string, flags?: readonly string[]): Promise<Profile> {
  if (flags) {
    const own = await launchWithContext(flags);
    return { ...own, closeProfile: () => own.browser.close() };
  }
  const { browser, context } = await (shared ??= launchWithContext());
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', {
    origin,
    storageTypes: 'cookies,local_storage,indexeddb,service_workers,cache_storage',
  });
  await page.close();
  return {
    browser,
    context,
    closeProfile: async () => {
      await Promise.all(context.pages().map((open) => open.close()));
    },
  };
}

async function launchWithContext(flags?: readonly string[]): Promise<Omit<Profile, 'closeProfile'>> {
  const browser = await launchBrowser(flags);
  return { browser, context: await browser.newContext() };
}

/** Ends the browser that the tests have shared, if there is one. */
export async function closeSharedBrowser(): Promise<void> {
  await (await shared)?.browser.close();
  shared = undefined;
}
