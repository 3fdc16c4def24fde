import { closeSharedBrowser } from './browser.ts';

/** What mocha does once for all files. */
export const mochaHooks = { afterAll: closeSharedBrowser };
