/* global AbortController */
// `npm start`: sets up what is missing, builds and packs the extension, and runs the demo until it is stopped.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageExtension } from './package.mjs';
import { provideCodeServer } from './setup/codeServer.mjs';
import { provideDependencies } from './setup/dependencies.mjs';
import { SetUpError, endOnSignals, removeWhenStopped } from './setup/processes.mjs';
import { withProgress } from './setup/progress.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stopping = new AbortController();
/** @type {Promise<import('../demo/classroom.ts').Classroom> | undefined} */
let demo;

endOnSignals({
  first: async () => {
    stopping.abort();
    const classroom = await demo?.catch(() => undefined);
    await classroom?.close();
  },
});

/** Prints the usage together with the fault of the arguments. */
function parse(read, usage) {
  try {
    return read();
  } catch (error) {
    throw new SetUpError(`${error.message}\n\n${usage}`);
  }
}

async function start() {
  await provideDependencies(root);
  const { register } = await import('tsx/esm/api');
  register();
  const { USAGE, announcement, parseDemoOptions, startDemo } = await import('../demo/main.ts');
  const args = process.argv.slice(2);
  if (args.includes('--help')) return void console.log(USAGE);
  const options = parse(() => parseDemoOptions(args), USAGE);
  const codeServer = await provideCodeServer();
  const folder = await mkdtemp(join(tmpdir(), 'classroom-tunnel-vsix-'));
  const keep = removeWhenStopped(folder);
  try {
    const vsix = join(folder, 'classroom-tunnel.vsix');
    await withProgress('Packing the extension', () => packageExtension(vsix));
    demo = withProgress('Starting code-server', () => startDemo(options, codeServer, vsix, stopping.signal));
    const classroom = await demo;
    const { codeServer: running } = classroom;
    process.stdout.write(announcement(options, classroom)); // after the last line of the progress, so that it is what is left to read
    void running.ended.then(() => {
      if (stopping.signal.aborted) return;
      console.error(`code-server has ended by itself:\n${running.log()}`);
      process.kill(process.pid, 'SIGTERM');
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    keep();
  }
}

try {
  await start();
} catch (error) {
  // A stop in the middle of the start is no failure: the signal's handler ends this process.
  if (!stopping.signal.aborted) {
    console.error(error instanceof SetUpError ? error.message : error);
    process.exitCode = 1;
  }
}
