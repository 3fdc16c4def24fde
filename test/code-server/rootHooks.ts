import { closeShared } from './withCodeServer.ts';

/** What mocha does once for all files. */
export const mochaHooks = { afterAll: closeShared };
