/** One code-server for all tests of a suite, and one window while tests leave it open, so that few tests wait for a start. */
import { signalIfThere } from '../../demo/marked.ts';
import { waitUntilGone } from './cloudflare.ts';
import { keepEvidence } from './evidence.ts';
import { guardiansOf, serversOf, shellsOf, waitForProcesses } from './studentProcesses.ts';
import { withCodeServer } from './withCodeServer.ts';
import type { Session, SessionOptions } from './withCodeServer.ts';
import type { Workbench } from './workbench.ts';

export interface SharedSession extends Session {
  /** The window that an earlier test left open, else a new one. */
  readonly window: () => Promise<Workbench>;
}

/**
 * Gives each test of the calling suite a session without terminals, with nothing published, and with one window at most.
 * @param title names the pictures that are taken when a test fails
 */
export function sharedSession(title: string, options?: SessionOptions): () => SharedSession {
  let shared: SharedSession | undefined;
  let windows: Workbench[] = [];
  let finish: () => void = () => undefined;
  let ended: Promise<void> = Promise.resolve();

  before(
    () =>
      new Promise<void>((resolve, reject) => {
        ended = withCodeServer(
          title,
          async (session) => {
            const openWindow = async (): Promise<Workbench> => {
              const window = await session.openWindow();
              windows.push(window);
              return window;
            };
            shared = {
              ...session,
              openWindow,
              window: async () => windows.find(({ isOpen }) => isOpen) ?? openWindow(),
            };
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
    if (!shared) return;
    if (this.currentTest?.isFailed()) await keepEvidence(shared, this.currentTest.title);
    windows = windows.filter(({ isOpen }) => isOpen);
    await Promise.all(windows.splice(1).map((window) => window.close()));
    await leaveNothing(shared, windows[0]);
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

/** Ends everything that a test left in terminals, also in those of closed windows, and everything published. */
async function leaveNothing({ classroom }: SharedSession, window: Workbench | undefined): Promise<void> {
  await window?.runCommand('Terminal: Kill All Terminals');
  for (const { pid } of await shellsOf(classroom)) signalIfThere(pid, 'SIGHUP');
  // A multiplexer's server outlives its terminal, and a dev server inside it keeps the port.
  for (const { pid } of await serversOf(classroom)) signalIfThere(pid, 'SIGTERM');
  await waitForProcesses(serversOf, classroom, 0);
  await window?.waitForStatus('Not public');
  // The remaining guardians belong to windows that are gone. SIGTERM ends their grace.
  for (const { pid } of await guardiansOf(classroom)) signalIfThere(pid, 'SIGTERM');
  await waitForProcesses(guardiansOf, classroom, 0);
  await waitUntilGone(classroom);
  await window?.runCommand('Notifications: Clear All Notifications');
}
