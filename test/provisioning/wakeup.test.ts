import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { noteProgress, ProgressTimeout } from '../../src/provisioning/progress.ts';
import { requestId } from '../../src/provisioning/queue.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { Wakeup } from '../../src/provisioning/wakeup.ts';

const now = 1_800_000_000_000;
let root: string;
let folder: StateFolder;

describe('wakeup', () => {
  beforeEach(openFolder);
  afterEach(removeFolder);

  it('wakes when the outcome appears, when the lock changes and when it is stopped', async () => {
    const id = requestId(now, () => 'x');
    await folder.makeFolder('queue', id);
    const wakeup = new Wakeup(folder, id);
    wakeup.watchLock();
    const stop = new AbortController();
    try {
      const events = [
        () => folder.write(['queue', id, 'outcome.json'], '{}'),
        () => folder.makeFolder('lock', 'held'),
        async () => {
          await Promise.resolve();
          stop.abort();
        },
      ];
      for (const event of events) {
        const woken = wakeup.pause(stop.signal, 60_000);
        await event();
        assert.equal(await woken, false, 'only its time woke it');
      }
    } finally {
      wakeup.close();
    }
  });

  it('reports that its time passed', async () => {
    const wakeup = new Wakeup(folder);
    try {
      assert.equal(await wakeup.pause(new AbortController().signal, 1), true);
    } finally {
      wakeup.close();
    }
  });

  it('is not woken by the lock before it watches the lock', async () => {
    const wakeup = new Wakeup(folder);
    try {
      const woken = wakeup.pause(new AbortController().signal, 50);
      await folder.makeFolder('lock', 'held');
      assert.equal(await woken, true);
    } finally {
      wakeup.close();
    }
  });
});

describe('progress timeout', () => {
  beforeEach(openFolder);
  afterEach(removeFolder);

  it('ends after its time without progress', () => {
    const timeout = new ProgressTimeout(folder, 1_000, now);
    timeout.check(now + 1_000);
    assert.throws(
      () => {
        timeout.check(now + 1_001);
      },
      { code: 'busy' },
    );
  });

  it('starts again with each progress, and does not run under a rate limit', async () => {
    const timeout = new ProgressTimeout(folder, 1_000, now);
    await noteProgress(folder, now);
    timeout.check(now + 5_000);
    timeout.check(now + 5_900);
    timeout.check(now + 9_000, true);
    timeout.check(now + 10_000);
    assert.throws(
      () => {
        timeout.check(now + 10_001);
      },
      { code: 'busy' },
    );
  });
});

async function openFolder(): Promise<void> {
  root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
  folder = await StateFolder.open(root);
}

function removeFolder(): void {
  rmSync(root, { recursive: true, force: true });
}
