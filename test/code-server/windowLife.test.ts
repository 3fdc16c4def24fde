import assert from 'node:assert/strict';
import { signalIfThere } from '../../demo/marked.ts';
import { published, waitUntilGone, waitUntilPublished } from './cloudflare.ts';
import { openNetworkGate } from './networkGate.ts';
import {
  AFTER_GRACE_MILLISECONDS,
  LONG_GRACE,
  SHORT_GRACE,
  apiCallsDuring,
  endGrace,
  goLive,
  holdersOf,
  live,
  runCli,
} from './life.ts';
import { sharedSession } from './sharedSession.ts';
import { guardiansOf, hostsOf, processesOf, serversOf, waitForProcesses } from './studentProcesses.ts';
import { waitFor } from './waiting.ts';
import { Workbench } from './workbench.ts';

const AWAY_MINUTES = 0.1;

describe('a site in the course of its window', () => {
  describe('with a long grace', () => {
    const shared = sharedSession('whatever the grace', LONG_GRACE);

    it('stays live through a reload without an API call, unless it was unpublished', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      const [old] = await waitForProcesses(guardiansOf, classroom, 1);
      assert.ok(old);
      const calls = await apiCallsDuring(classroom, async () => {
        await window.reload();
        await window.waitForStatus(live(classroom));
        await endGrace(classroom, old);
      });
      assert.equal(calls, 0);
      await window.runCommand('Classroom Tunnel: Unpublish');
      await waitUntilGone(classroom);
      await window.reload();
      await window.waitForStatus('Not public');
      assert.equal(published(classroom).rule, false);
    });

    it('goes live once Cloudflare can be reached, when it could not at the start', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      classroom.standIn.faults.add({ kind: 'html', status: 502, always: true });
      const terminal = await session.openTerminal(window);
      await terminal.type('npm run dev');
      await window.waitForStatus('Not public: Cloudflare answered with an error');
      classroom.standIn.faults.clear();
      await window.waitForStatus(live(classroom));
      await waitUntilPublished(classroom);
    });

    it('stays live when the extension host is killed, as the next host takes over', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      const calls = await apiCallsDuring(classroom, async () => {
        const [host] = await hostsOf(classroom);
        const [old] = await guardiansOf(classroom);
        assert.ok(host && old);
        process.kill(host.pid, 'SIGKILL');
        await endGrace(classroom, old);
        await window.waitForStatus(live(classroom));
      });
      assert.equal(calls, 0);
      assert.deepEqual(published(classroom), { rule: true, record: true });
    });

    it('is taken down by the next run of the command when the guardian is killed too', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      const all = [...(await guardiansOf(classroom)), ...(await hostsOf(classroom))];
      await window.page.goto('about:blank');
      for (const { pid } of all) signalIfThere(pid, 'SIGKILL');
      await waitForProcesses(hostsOf, classroom, 0);
      await runCli(classroom, 'gc');
      assert.equal(published(classroom).rule, false);
      await window.close();
    });

    it('is taken down at once when its service is stopped', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      for (const { pid } of await processesOf(classroom)) signalIfThere(pid, 'SIGTERM');
      await waitUntilGone(classroom);
      await window.close();
    });
  });

  describe('with a short grace', () => {
    const shared = sharedSession('for its grace', SHORT_GRACE);

    it('is taken down when the tab is closed, and is live again when it is reopened', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      await window.close();
      await waitUntilGone(classroom, AFTER_GRACE_MILLISECONDS);
      assert.equal((await serversOf(classroom)).length, 1, 'the server still runs');
      const again = await session.openWindow();
      await again.waitForStatus(live(classroom));
      await waitUntilPublished(classroom);
    });

    it('is taken down when the last of two windows is closed', async () => {
      const session = shared();
      const { classroom } = session;
      const first = await session.window();
      await goLive(session, first);
      const second = await session.openWindow();
      await second.runCommand('Classroom Tunnel: Republish');
      await second.waitForStatus(live(classroom));
      await waitFor(async () => (await holdersOf(classroom)).length === 2, 'two holders');
      await first.close();
      await waitFor(async () => (await holdersOf(classroom)).length === 1, 'one holder');
      assert.deepEqual(published(classroom), { rule: true, record: true });
      await second.close();
      await waitUntilGone(classroom, AFTER_GRACE_MILLISECONDS);
    });

    it('is taken down once the API is back, when it was away as the window closed', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      await classroom.standIn.goOffline();
      await window.close();
      await waitForProcesses(guardiansOf, classroom, 0);
      await classroom.standIn.goOnline();
      assert.deepEqual(published(classroom), { rule: true, record: true });
      await runCli(classroom, 'gc');
      assert.equal(published(classroom).rule, false);
    });

    it('is taken down when the extension is disabled', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      await window.runCommand('Extensions: Disable All Installed Extensions');
      await window.page.reload();
      await waitUntilGone(classroom);
      await window.close();
    });
  });

  describe('with a window that does not answer', () => {
    const shared = sharedSession('away', { settings: { 'classroomTunnel.awayMinutes': AWAY_MINUTES } });

    it('is taken down after the allowed time, and is live again when the window is back', async () => {
      const { classroom, context } = shared();
      const gate = await openNetworkGate(classroom.codeServer.host);
      try {
        const window = await Workbench.open(
          context,
          classroom.codeServer.url.replace(classroom.codeServer.host, gate.host),
        );
        await goLive(shared(), window);
        gate.shut();
        await waitUntilGone(classroom);
        gate.open();
        await waitUntilPublished(classroom);
        await window.waitForStatus(live(classroom));
        await window.close();
      } finally {
        await gate.close();
      }
    });

    it('is taken down when only the main process of code-server is killed', async () => {
      const session = shared();
      const { classroom } = session;
      const window = await session.window();
      await goLive(session, window);
      process.kill(classroom.codeServer.pid, 'SIGKILL');
      await waitUntilGone(classroom);
      await window.close();
    });
  });
});
