import assert from 'node:assert/strict';
import { worded } from '../../src/messages/messages.ts';
import { FakeWindowPorts, failure, published, removed, settled } from './fakeWindowPorts.ts';
import { publication, shell } from './site/sites.ts';

describe('the window', () => {
  let ports: FakeWindowPorts;
  beforeEach(() => (ports = new FakeWindowPorts()));

  async function live(): Promise<void> {
    ports.see('11:1');
    await ports.answer(0, published);
    ports.tell({ type: 'listening' });
  }

  it("publishes with its own holder and the guardian's process id", async () => {
    await live();
    assert.deepEqual(ports.calls[0]?.args, [
      'publish',
      '-p',
      '3000',
      '--holder',
      'window-w-1',
      '--holder-pid',
      '4242',
      '--run-pid',
      '11',
    ]);
    assert.deepEqual([ports.kind, ports.notified], ['live', [publication]]);
  });

  it('makes no call when the server is stopped and started again', async () => {
    await live();
    for (const process of ['12:1', '13:1', '14:1']) {
      ports.see();
      ports.see(process);
      ports.tell({ type: 'listening' });
    }
    await settled();
    assert.deepEqual([ports.calls.length, ports.notified.length, ports.kind], [1, 1, 'live']);
  });

  it('releases when the terminal closes, and tells the guardian', async () => {
    await live();
    ports.close();
    await ports.answer(1, removed);
    assert.deepEqual(ports.calls[1]?.args, ['release', '--holder', 'window-w-1']);
    assert.deepEqual(ports.guardians[0]?.said, ['released']);
  });

  it('waits for the running publish before it releases', async () => {
    ports.see('11:1');
    await settled();
    ports.close();
    await settled();
    assert.equal(ports.calls.length, 1);
    await ports.answer(0, published);
    assert.deepEqual(ports.calls[1]?.args[0], 'release');
    assert.equal(ports.kind, 'idle');
  });

  it('leaves the release to the guardian when it fails, and logs that', async () => {
    await live();
    ports.close();
    await ports.answer(1, failure);
    assert.deepEqual(ports.guardians[0]?.said, ['leave']);
    assert.match(ports.logged.join('\n'), /next change of any student completes it.*No network/);
  });

  it('retries when the command is busy', async () => {
    ports.see('11:1');
    await ports.answer(0, { ...failure, code: 'rate-limited', exitCode: 75, retryAfterSeconds: 30 });
    assert.deepEqual([ports.kind, ports.timers[0]?.time], ['publishing', 1_030_000]);
    ports.ring();
    await ports.answer(1, published);
    assert.deepEqual([ports.kind, ports.guardians.length, ports.notified.length], ['waiting', 1, 0]);
  });

  it('shows how long a queued publish has to wait', async () => {
    ports.see('11:1');
    await settled();
    ports.calls[0]?.options.onEvent?.({ event: 'queued', message: 'Rate limit', until: '1970-01-01T00:20:00Z' });
    const site = ports.window.state.sites.get(3000);
    assert.deepEqual(site?.kind === 'publishing' && site.note, { message: 'Rate limit', until: 1_200_000 });
  });

  it('reports a failed publish once, and leaves what is half done to the guardian', async () => {
    ports.see('11:1');
    await ports.answer(0, failure);
    ports.see('11:1');
    await settled();
    assert.deepEqual([ports.kind, ports.calls.length, ports.guardians[0]?.said], ['failed', 1, ['leave']]);
    assert.deepEqual(ports.notified, [
      { code: 'api-unreachable', title: 'Offline', message: 'No network.', action: 'Wait.' },
    ]);
  });

  it('retries after growing pauses what time may fix, and notifies once', async () => {
    const unreachable = { ...failure, retryAfterSeconds: 15 };
    ports.see('11:1');
    for (const [index, seconds] of [15, 30, 60, 120, 240, 240].entries()) {
      await ports.answer(index, unreachable);
      assert.deepEqual([ports.kind, ports.timers.at(-1)?.time], ['failed', 1_000_000 + seconds * 1000]);
      ports.ring();
    }
    assert.deepEqual(
      ports.notified.map((notified) => 'action' in notified && worded(notified).action),
      ['Wait. Retrying automatically.'],
    );
    await ports.answer(6, published);
    assert.equal(ports.kind, 'waiting');
    assert.deepEqual(
      ports.guardians.map(({ said }) => said.join()),
      ['leave', 'leave', 'leave', 'leave', 'leave', 'leave', ''],
    );
  });

  it('does not retry once the command has ended or the terminal is closed', async () => {
    ports.see('11:1');
    await ports.answer(0, { ...failure, retryAfterSeconds: 15 });
    ports.tell({ type: 'republish', shell });
    await ports.answer(1, { ...failure, retryAfterSeconds: 15 });
    ports.see();
    ports.ring();
    await settled();
    assert.deepEqual([ports.kind, ports.calls.length], ['failed', 2]);
    ports.close();
    ports.ring();
    await settled();
    assert.deepEqual([ports.kind, ports.calls.length], ['idle', 2]);
  });

  describe('with a retry ahead', () => {
    const busy = { ...failure, code: 'rate-limited', exitCode: 75, retryAfterSeconds: 30 };
    beforeEach(async () => {
      ports.see('11:1');
      await ports.answer(0, busy);
    });
    const cancelled = (): boolean[] => ports.timers.map((timer) => timer.cancelled);

    it('cancels it when the student publishes by hand', async () => {
      assert.deepEqual(cancelled(), [false]);
      ports.tell({ type: 'republish', shell });
      await settled();
      assert.deepEqual([cancelled(), ports.calls.length], [[true], 2]);
    });

    it('cancels it when the terminal closes', async () => {
      ports.close();
      await ports.answer(1, removed);
      assert.deepEqual(cancelled(), [true]);
    });

    it('replaces it when the command is busy again', async () => {
      ports.ring();
      await ports.answer(1, busy);
      assert.deepEqual(cancelled(), [true, false]);
    });

    it('cancels it when the window ends, and leaves the guardian alone', () => {
      ports.window.dispose();
      assert.deepEqual([cancelled(), ports.guardians[0]?.said], [[true], []]);
    });
  });

  it('says that the site is still public when unpublishing fails', async () => {
    await live();
    ports.tell({ type: 'unpublish' });
    await ports.answer(1, failure);
    assert.deepEqual([ports.kind, ports.guardians[0]?.said], ['failed', []]);
    ports.tell({ type: 'unpublish' });
    await ports.answer(2, removed);
    assert.deepEqual([ports.kind, ports.guardians[0]?.said], ['idle', ['released']]);
  });

  it('replaces a killed guardian without a second notification', async () => {
    await live();
    ports.guardians[0]?.lose(true);
    await ports.answer(1, { ...published, created: false });
    ports.tell({ type: 'listening' });
    assert.deepEqual([ports.kind, ports.guardians.length, ports.notified.length], ['live', 2, 1]);
    assert.notEqual(ports.guardians[0]?.holder, ports.guardians[1]?.holder);
  });

  it('takes a site for down when its guardian was stopped', async () => {
    await live();
    ports.guardians[0]?.lose(false);
    await settled();
    assert.deepEqual([ports.kind, ports.calls.length], ['failed', 1]);
  });

  it('publishes nothing when no guardian can be started', async () => {
    ports.guardianPid = undefined;
    ports.see('11:1');
    await settled();
    assert.deepEqual([ports.kind, ports.calls.length], ['failed', 0]);
  });

  it('starts a relay for a publication, and ends it with the publication', async () => {
    ports.canRelay = true;
    await live();
    assert.ok(ports.calls[0]?.args.includes('--relay'));
    ports.close();
    await ports.answer(1, removed);
    assert.deepEqual(ports.relayed, ['serve 3000', 'end 3000']);
  });

  it('keeps the relay for the grace when the release fails', async () => {
    ports.canRelay = true;
    await live();
    ports.close();
    await ports.answer(1, failure);
    assert.deepEqual(ports.relayed, ['serve 3000', 'end 3000 later']);
  });

  it('is not public, and says why, when its relay has no safe place', async () => {
    ports.canRelay = true;
    ports.see('11:1');
    await ports.answer(0, { ...failure, code: 'socket-foreign', exitCode: 77 });
    assert.deepEqual([ports.kind, ports.calls.length, ports.notified.length], ['failed', 1, 1]);
  });

  it('fails with a reason when publish answers with something else, or not at all', async () => {
    ports.see('11:1');
    await ports.answer(0, removed);
    assert.deepEqual([ports.kind, (ports.notified[0] as { code: string }).code], ['failed', 'no-answer']);
  });
});
