import assert from 'node:assert/strict';
import { freePort } from '../../demo/classroom.ts';
import { visit } from './cloudflare.ts';
import { bringApp } from './devServers.ts';
import { LONG_GRACE, goLive, live, stopped } from './life.ts';
import { sharedSession } from './sharedSession.ts';
import { waitFor } from './waiting.ts';

describe('a student with several servers', () => {
  const shared = sharedSession('several servers', LONG_GRACE);

  it('keeps the site live while a server in a second window fails as the port is taken', async () => {
    const session = shared();
    const { classroom } = session;
    const first = await session.window();
    await goLive(session, first);
    const second = await session.openWindow();
    const terminal = await session.openTerminal(second);
    const visits = visitUntil(() => visit(classroom));
    await terminal.type('npm run dev');
    await terminal.waitForText('EADDRINUSE');
    await second.waitForStatus(classroom.hostname);
    assert.deepEqual(await visits.statuses(), [200]);
    await first.waitForStatus(live(classroom));
  });

  it('reads "server stopped" in no window while the server of another window answers', async () => {
    const session = shared();
    const { classroom } = session;
    const first = await session.window();
    const terminal = await goLive(session, first);
    await terminal.interrupt();
    await first.waitForStatus(stopped(classroom));
    const second = await session.openWindow();
    await (await session.openTerminal(second)).type('npm run dev');
    await second.waitForStatus(live(classroom));
    await waitFor(async () => !/server stopped/.test(await first.status()), 'the first window to see the server');
  });

  it('is offered a server that no watched command started, and it is public once they say so', async () => {
    const session = shared();
    const { classroom } = session;
    const window = await session.window();
    const terminal = await session.openTerminal(window);
    const port = await freePort(0);
    const program = `node -e "require('http').createServer((q,s)=>s.end('other')).listen(${port})"`;
    await terminal.type(program);
    const offer = window.notification(`A server of yours runs on port ${port}. Make it public?`);
    await offer.waitFor();
    assert.equal((await visit(classroom)).status, 404, 'nothing is public before the answer');
    await window.press(offer, 'Make Public');
    await window.waitForStatus(live(classroom));
    assert.equal((await visit(classroom)).body, 'other');
    await terminal.interrupt();
    await window.waitForStatus(stopped(classroom));
    await terminal.type(program);
    await window.waitForStatus(live(classroom));
    assert.equal(await offer.count(), 0, 'the student answered already');
  });

  it('is told that a second server in another terminal is not public, and shows it with one click', async () => {
    const session = shared();
    const { classroom } = session;
    const window = await session.window();
    await goLive(session, window);
    const { start } = await bringApp(classroom, 'obstinateApp');
    const terminal = await session.openTerminal(window);
    await terminal.type(start);
    await terminal.waitForText(/Local: http:\/\/localhost:\d+/);
    const [, port = ''] = /Local: http:\/\/localhost:(\d+)/.exec(await terminal.text()) ?? [];
    const warning = window.notification('A second server is not public').filter({ hasText: port });
    await warning.waitFor();
    await window.press(warning, 'Show Another Server');
    await waitFor(async () => (await visit(classroom)).body.includes('Reached all the same'), 'the second server');
    await window.notification(`Your link shows your server on port ${port} now`).waitFor();
    await window.waitForStatus(live(classroom));
  });
});

/** Visits again and again. `statuses` stops that and gives each status that was seen, once. */
function visitUntil(visitOnce: () => Promise<{ status: number }>): { statuses: () => Promise<number[]> } {
  const seen = new Set<number>();
  const over = new AbortController();
  const visiting = (async () => {
    do seen.add((await visitOnce()).status);
    while (!over.signal.aborted);
  })();
  return {
    statuses: async () => {
      over.abort();
      await visiting;
      return [...seen];
    },
  };
}
