import assert from 'node:assert/strict';
import { signalIfThere } from '../../demo/marked.ts';
import { published, waitUntilGone, waitUntilPublished } from './cloudflare.ts';
import { openGate } from './gate.ts';
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
import { sharedRoom } from './room.ts';
import { guardiansOf, hostsOf, processesOf, serversOf, waitForProcesses } from './studentProcesses.ts';
import { waitFor } from './waiting.ts';
import { Workbench } from './workbench.ts';

const AWAY_MINUTES = 0.1;

describe('the link is there exactly as long as the student is', () => {
  describe('whatever the grace', () => {
    const room = sharedRoom('whatever the grace', LONG_GRACE);

    it('through a reload: no API call, and live again by itself, unless it was taken down', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
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
      assert.deepEqual(published(classroom), { rule: false, record: false });
    });

    it('also if Cloudflare could not be reached when the command was started: once it can, by itself', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      classroom.standIn.faults.add({ kind: 'html', status: 502, always: true });
      const terminal = await it.openTerminal(window);
      await terminal.type('npm run dev');
      await window.waitForStatus('Not public: Cloudflare answered with an error');
      classroom.standIn.faults.clear();
      await window.waitForStatus(live(classroom));
      await waitUntilPublished(classroom);
    });

    it('while the extension host is killed: the new one carries it over', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
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

    it('until the next run of anybody, when even the guardian is killed', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
      const all = [...(await guardiansOf(classroom)), ...(await hostsOf(classroom))];
      await window.page.goto('about:blank');
      for (const { pid } of all) signalIfThere(pid, 'SIGKILL');
      await waitForProcesses(hostsOf, classroom, 0);
      await runCli(classroom, 'gc');
      assert.deepEqual(published(classroom), { rule: false, record: false });
      await window.close();
    });

    it('until its service is stopped: at once', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
      for (const { pid } of await processesOf(classroom)) signalIfThere(pid, 'SIGTERM');
      await waitUntilGone(classroom);
      await window.close();
    });
  });

  describe('and for its grace', () => {
    const room = sharedRoom('for its grace', SHORT_GRACE);

    it('until the tab is closed, though the server lives on; and again when it is opened again', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
      await window.close();
      await waitUntilGone(classroom, AFTER_GRACE_MILLISECONDS);
      assert.equal((await serversOf(classroom)).length, 1, 'the server runs on');
      const again = await it.openWindow();
      await again.waitForStatus(live(classroom));
      await waitUntilPublished(classroom);
    });

    it('until the last of two windows is closed', async () => {
      const it = room();
      const { classroom } = it;
      const first = await it.window();
      await goLive(it, first);
      const second = await it.openWindow();
      await second.runCommand('Classroom Tunnel: Republish');
      await second.waitForStatus(live(classroom));
      await waitFor(async () => (await holdersOf(classroom)).length === 2, 'two holders');
      await first.close();
      await waitFor(async () => (await holdersOf(classroom)).length === 1, 'one holder');
      assert.deepEqual(published(classroom), { rule: true, record: true });
      await second.close();
      await waitUntilGone(classroom, AFTER_GRACE_MILLISECONDS);
    });

    it('until the API is back, when it was away while the window closed', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
      await classroom.standIn.goOffline();
      await window.close();
      await waitForProcesses(guardiansOf, classroom, 0);
      await classroom.standIn.goOnline();
      assert.deepEqual(published(classroom), { rule: true, record: true });
      await runCli(classroom, 'gc');
      assert.deepEqual(published(classroom), { rule: false, record: false });
    });

    it('until the extension is gone from the window', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
      await window.runCommand('Extensions: Disable All Installed Extensions');
      await window.page.reload();
      await waitUntilGone(classroom);
      await window.close();
    });
  });

  describe('and for as long as its window may be away', () => {
    const room = sharedRoom('away', { settings: { 'classroomTunnel.awayMinutes': AWAY_MINUTES } });

    it('until its window has been away for too long, and again when the window is back', async () => {
      const { classroom, context } = room();
      const gate = await openGate(classroom.codeServer.host);
      try {
        const window = await Workbench.open(
          context,
          classroom.codeServer.url.replace(classroom.codeServer.host, gate.host),
        );
        await goLive(room(), window);
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

    it('as with a vanished browser when code-server itself is killed alone', async () => {
      const it = room();
      const { classroom } = it;
      const window = await it.window();
      await goLive(it, window);
      process.kill(classroom.codeServer.pid, 'SIGKILL');
      await waitUntilGone(classroom);
      await window.close();
    });
  });
});
