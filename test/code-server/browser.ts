/** The Chromium that the student and the visitors use in the tests. */
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext } from 'playwright-core';

/** Large enough to show the status bar and a notification. */
export const VIEWPORT = { width: 1280, height: 800 };

/**
 * Starts a headless Chromium that makes no network requests of its own.
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
      // Without WebGL VS Code draws a terminal as text, which a test can read.
      '--disable-3d-apis',
      ...flags,
    ],
  });
}

/** Reads a path that scripts/test.mjs puts into the environment. @throws when it is not there */
export function requireEnvironment(name: 'CHROMIUM' | 'CODE_SERVER' | 'VSIX'): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run these tests by "npm test", or "npm test -- browser"`);
  return value;
}

interface Profile {
  readonly browser: Browser;
  /** Its pages share cookies, storage and cache, as the windows of one browser do. */
  readonly context: BrowserContext;
  readonly closeProfile: () => Promise<void>;
}

/** One browser for all tests of a run: with a warm cache a workbench loads in half the time. */
let shared: Promise<Omit<Profile, 'closeProfile'>> | undefined;

/**
 * Gives a browser with no open page and no data of this origin except cached files.
 * @param flags starts a separate browser with these flags
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

/** Ends the shared browser, if one was started. */
export async function closeSharedBrowser(): Promise<void> {
  await (await shared)?.browser.close();
  shared = undefined;
}
