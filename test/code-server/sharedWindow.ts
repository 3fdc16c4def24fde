/** One class and one window for all tests of a suite: a test that only types into terminals need not wait for a workbench to start. */
import { signalIfThere } from '../../demo/marked.ts';
import { waitUntilGone } from './cloudflare.ts';
import { serversOf, waitForProcesses } from './studentProcesses.ts';
import { takePictures, withClass } from './withClass.ts';
import type { Class } from './withClass.ts';
import type { Workbench } from './workbench.ts';

export interface SharedWindow extends Class { readonly window: Workbench }

/**
 * To be called in a suite; gives the window to its tests, each of which finds it without terminals and with nothing published.
 * @param title names the pictures that are taken when a test fails
 */
export function sharedWindow(title: string): () => SharedWindow {
  let shared: SharedWindow | undefined;
  let finish: () => void = () => undefined;
  let ended: Promise<void> = Promise.resolve();

  before(() => new Promise<void>((resolve, reject) => {
    ended = withClass(title, async (it) => {
      shared = { ...it, window: await it.openWindow() };
      const finished = new Promise<void>((done) => { finish = done; });
      resolve();
      await finished;
    });
    ended.catch(reject);
  }));

  afterEach(async function () {
    if (!shared) return;
    const { window, classroom, context } = shared;
    if (this.currentTest?.isFailed()) await takePictures(context, this.currentTest.title);
    await window.runCommand('Terminal: Kill All Terminals');
    // A multiplexer's server lives on without its terminal, and what runs in it has the port.
    for (const { pid } of await serversOf(classroom)) signalIfThere(pid, 'SIGTERM');
    await waitForProcesses(serversOf, classroom, 0);
    await window.runCommand('Notifications: Clear All Notifications');
    await waitUntilGone(classroom);
    await window.waitForStatus('Not public');
  });

  after(async () => {
    finish();
    await ended;
  });

  return () => {
    if (!shared) throw new Error('The suite has not begun');
    return shared;
  };
}
