/** One class for all tests of a suite, and its window too where a test leaves one: so that a test need not wait for either to start. */
import { signalIfThere } from '../../demo/marked.ts';
import { waitUntilGone } from './cloudflare.ts';
import { keepEvidence } from './evidence.ts';
import { guardiansOf, serversOf, shellsOf, waitForProcesses } from './studentProcesses.ts';
import { withClass } from './withClass.ts';
import type { Class, ClassOptions } from './withClass.ts';
import type { Workbench } from './workbench.ts';

export interface Room extends Class {
  /** The window that an earlier test has left; a new one where none has. */
  readonly window: () => Promise<Workbench>;
}

/**
 * To be called in a suite; gives the room to its tests, each of which finds it without terminals, with nothing published, and with
 * one window at most.
 * @param title names the pictures that are taken when a test fails
 */
export function sharedRoom(title: string, options?: ClassOptions): () => Room {
  let room: Room | undefined;
  let windows: Workbench[] = [];
  let finish: () => void = () => undefined;
  let ended: Promise<void> = Promise.resolve();

  before(
    () =>
      new Promise<void>((resolve, reject) => {
        ended = withClass(
          title,
          async (it) => {
            const openWindow = async (): Promise<Workbench> => {
              const window = await it.openWindow();
              windows.push(window);
              return window;
            };
            room = { ...it, openWindow, window: async () => windows.find(({ isOpen }) => isOpen) ?? openWindow() };
            const finished = new Promise<void>((done) => {
              finish = done;
            });
            resolve();
            await finished;
          },
          options,
        );
        ended.catch(reject);
      }),
  );

  afterEach(async function () {
    if (!room) return;
    if (this.currentTest?.isFailed()) await keepEvidence(room, this.currentTest.title);
    windows = windows.filter(({ isOpen }) => isOpen);
    await Promise.all(windows.splice(1).map((window) => window.close()));
    await leaveNothing(room, windows[0]);
  });

  after(async () => {
    finish();
    await ended;
  });

  return () => {
    if (!room) throw new Error('The suite has not begun');
    return room;
  };
}

/** Ends what a test has left in the terminals, of windows that are closed too, and what is published. */
async function leaveNothing({ classroom }: Room, window: Workbench | undefined): Promise<void> {
  await window?.runCommand('Terminal: Kill All Terminals');
  for (const { pid } of await shellsOf(classroom)) signalIfThere(pid, 'SIGHUP');
  // A multiplexer's server lives on without its terminal, and what runs in it has the port.
  for (const { pid } of await serversOf(classroom)) signalIfThere(pid, 'SIGTERM');
  await waitForProcesses(serversOf, classroom, 0);
  await window?.waitForStatus('Not public');
  // What guardians are left are of windows that are gone. Told to stop, they do not wait for the end of their grace.
  for (const { pid } of await guardiansOf(classroom)) signalIfThere(pid, 'SIGTERM');
  await waitForProcesses(guardiansOf, classroom, 0);
  await waitUntilGone(classroom);
  await window?.runCommand('Notifications: Clear All Notifications');
}
