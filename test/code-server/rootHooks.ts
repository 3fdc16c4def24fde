import { closeShared } from './withCodeServer.ts';

/** mocha runs these once for all files. */
export const mochaHooks = { afterAll: closeShared };
