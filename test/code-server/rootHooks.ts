import { closeShared } from './withClass.ts';

/** What mocha does once for all files. */
export const mochaHooks = { afterAll: closeShared };
