import { published, removeAtCloudflare, waitUntilPublished } from './cloudflare.ts';
import { LONG_GRACE, goLive, live } from './life.ts';
import { sharedSession } from './sharedSession.ts';
import { waitFor } from './waiting.ts';

/** The window looks at what is public every few seconds. */
const REMOVAL_MILLISECONDS = 60_000;

describe('a published site', () => {
  const shared = sharedSession('removed site', LONG_GRACE);

  it('is not called live when its rule and record were removed at Cloudflare, and is live again after a restart', async () => {
    const session = shared();
    const { classroom } = session;
    const window = await session.window();
    const terminal = await goLive(session, window);
    removeAtCloudflare(classroom);
    await waitFor(
      async () => published(classroom).rule || !live(classroom).test(await window.status()),
      'the window to notice that its site is gone',
      REMOVAL_MILLISECONDS,
    );
    await terminal.interrupt();
    await terminal.type('npm run dev');
    await waitUntilPublished(classroom);
    await window.waitForStatus(live(classroom));
  });
});
