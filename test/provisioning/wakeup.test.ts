import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requestId } from '../../src/provisioning/queue.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { noteProgress, Turn } from '../../src/provisioning/wakeup.ts';

const now = 1_800_000_000_000;
const at = (age: number) => requestId(now - age, () => 'x');

describe('turn', () => {
  let root: string;
  let folder: StateFolder;
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
    folder = await StateFolder.open(root);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('wakes when the outcome comes, when the lock is let go, and when it is stopped', async () => {
    const id = at(0);
    await folder.makeFolder('queue', id);
    const turn = new Turn(folder, id);
    turn.watchLock();
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
        const woken = turn.pause(stop.signal, 60_000);
        await event();
        assert.equal(await woken, false, 'it woke by its clock only');
      }
    } finally {
      turn.close();
    }
  });

  it('says when only its time was up', async () => {
    const turn = new Turn(folder, '');
    try {
      assert.equal(await turn.pause(new AbortController().signal, 1), true);
    } finally {
      turn.close();
    }
  });

  it('is not woken by the lock before it may take it', async () => {
    const turn = new Turn(folder, '');
    try {
      const woken = turn.pause(new AbortController().signal, 50);
      await folder.makeFolder('lock', 'held');
      assert.equal(await woken, true);
    } finally {
      turn.close();
    }
  });

  it('sees that somebody got on, once for each time', async () => {
    const turn = new Turn(folder, '');
    try {
      assert.equal(turn.progressed(), false);
      await noteProgress(folder, now);
      assert.equal(turn.progressed(), true);
      assert.equal(turn.progressed(), false);
    } finally {
      turn.close();
    }
  });
});
