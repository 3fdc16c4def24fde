import assert from 'node:assert/strict';
import { signalIfThere } from '../../demo/marked.ts';
import { published, waitUntilGone, waitUntilPublished } from './cloudflare.ts';
import { openGate } from './gate.ts';
import { AFTER_GRACE_MILLISECONDS, LONG_GRACE, SHORT_GRACE, apiCallsDuring, endGrace, goLive, holdersOf, live, runCli } from './life.ts';
import { guardiansOf, hostsOf, processesOf, serversOf, waitForProcesses } from './studentProcesses.ts';
import { waitFor } from './waiting.ts';
import { withClass } from './withClass.ts';
import { Workbench } from './workbench.ts';

const AWAY_MINUTES = 0.1;

describe('the link is there exactly as long as the student is', () => {
  it('through a reload: no API call, and live again by itself', function () { return withClass('reload', async (it) => {
    const { classroom } = it;
    const { window } = await goLive(it);
    const timeReload = async (): Promise<number> => {
      const began = performance.now();
      await window.reload();
      return performance.now() - began;
    };
    const [old] = await waitForProcesses(guardiansOf, classroom, 1);
    assert.ok(old);
    let whileLive = 0;
    const calls = await apiCallsDuring(classroom, async () => {
      whileLive = await timeReload();
      await window.waitForStatus(live(classroom));
      await endGrace(classroom, old);
    });
    assert.equal(calls, 0);
    await window.runCommand('Classroom Tunnel: Unpublish');
    await waitUntilGone(classroom);
    const otherwise = await timeReload();
    // For a person to judge: a figure of a busy machine is no reason to fail.
    if (this.test) this.test.title += ` (a reload takes ${Math.round(whileLive)} ms while live, else ${Math.round(otherwise)} ms)`;
    await window.waitForStatus('Not public');
    assert.deepEqual(published(classroom), { rule: false, record: false });
  }, LONG_GRACE); });

  it('until the tab is closed, though the server lives on; and again when it is opened again', () => withClass('tab', async (it) => {
    const { classroom } = it;
    const { window } = await goLive(it);
    await window.close();
    await waitUntilGone(classroom, AFTER_GRACE_MILLISECONDS);
    assert.equal((await serversOf(classroom)).length, 1, 'the server runs on');
    const again = await it.openWindow();
    await again.waitForStatus(live(classroom));
    await waitUntilPublished(classroom);
  }, SHORT_GRACE));

  it('until the last of two windows is closed', () => withClass('two windows', async (it) => {
    const { classroom } = it;
    const { window: first } = await goLive(it);
    const second = await it.openWindow();
    await second.runCommand('Classroom Tunnel: Republish');
    await second.waitForStatus(live(classroom));
    await waitFor(async () => (await holdersOf(classroom)).length === 2, 'two holders');
    await first.close();
    await waitFor(async () => (await holdersOf(classroom)).length === 1, 'one holder');
    assert.deepEqual(published(classroom), { rule: true, record: true });
    await second.close();
    await waitUntilGone(classroom, AFTER_GRACE_MILLISECONDS);
  }, SHORT_GRACE));

  it('while the extension host is killed: the new one carries it over', () => withClass('host killed', async (it) => {
    const { classroom } = it;
    const { window } = await goLive(it);
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
  }, LONG_GRACE));

  it('until its window has been away for too long, and again when the window is back', () => withClass('network', async (it) => {
    const { classroom, context } = it;
    const gate = await openGate(classroom.codeServer.host);
    try {
      const url = classroom.codeServer.url.replace(classroom.codeServer.host, gate.host);
      const { window } = await goLive({ ...it, openWindow: () => Workbench.open(context, url) });
      gate.shut();
      await waitUntilGone(classroom);
      gate.open();
      await waitUntilPublished(classroom);
      await window.waitForStatus(live(classroom));
    } finally {
      await gate.close();
    }
  }, { settings: { 'classroomTunnel.awayMinutes': AWAY_MINUTES } }));

  it('as with a vanished browser when code-server itself is killed alone', () => withClass('main killed', async (it) => {
    const { classroom } = it;
    await goLive(it);
    process.kill(classroom.codeServer.pid, 'SIGKILL');
    await waitUntilGone(classroom);
  }, { settings: { 'classroomTunnel.awayMinutes': AWAY_MINUTES } }));

  it('until its service is stopped: at once, whatever the grace', () => withClass('service stop', async (it) => {
    const { classroom } = it;
    await goLive(it);
    for (const { pid } of await processesOf(classroom)) signalIfThere(pid, 'SIGTERM');
    await waitUntilGone(classroom);
  }, LONG_GRACE));

  it('until the next run of anybody, when even the guardian is killed', () => withClass('guardian killed', async (it) => {
    const { classroom } = it;
    const { window } = await goLive(it);
    const all = [...await guardiansOf(classroom), ...await hostsOf(classroom)];
    await window.page.goto('about:blank');
    for (const { pid } of all) signalIfThere(pid, 'SIGKILL');
    await waitForProcesses(hostsOf, classroom, 0);
    await runCli(classroom, 'gc');
    assert.deepEqual(published(classroom), { rule: false, record: false });
  }, LONG_GRACE));

  it('until the extension is gone from the window', () => withClass('disabled', async (it) => {
    const { classroom } = it;
    const { window } = await goLive(it);
    await window.runCommand('Extensions: Disable All Installed Extensions');
    await window.page.reload();
    await waitUntilGone(classroom);
  }, SHORT_GRACE));

  it('until the API is back, when it was away while the window closed', () => withClass('offline', async (it) => {
    const { classroom } = it;
    const { window } = await goLive(it);
    await classroom.standIn.goOffline();
    await window.close();
    await waitForProcesses(guardiansOf, classroom, 0);
    await classroom.standIn.goOnline();
    assert.deepEqual(published(classroom), { rule: true, record: true });
    await runCli(classroom, 'gc');
    assert.deepEqual(published(classroom), { rule: false, record: false });
  }, SHORT_GRACE));
});
