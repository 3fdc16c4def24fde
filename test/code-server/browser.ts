/** The Chromium that plays the student's, and the visitor's, browser. */
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Big enough that the status bar and a notification are in the picture. */
export const VIEWPORT = { width: 1280, height: 800 };

/**
 * Starts a headless Chromium that asks nobody on the network for anything.
 * @throws when CHROMIUM, which scripts/test.mjs sets, is not in the environment
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = requireEnvironment('CHROMIUM');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run', '--disable-sync',
      '--disable-component-update', '--disable-dev-shm-usage',
    ],
  });
}

/** What scripts/test.mjs has found or installed, and tells the tests by the environment. */
export function requireEnvironment(name: 'CHROMIUM' | 'CODE_SERVER' | 'VSIX'): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run these tests by "npm test", or "npm test -- browser"`);
  return value;
}
