import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requestId, requestTime } from '../../src/provisioning/queue.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { gatherFor, gathering, noteProgress, standBackFor, Turn } from '../../src/provisioning/turn.ts';

const now = 1_800_000_000_000;
const at = (age: number) => requestId(now - age, () => 'x');

describe('turn', () => {
  let root: string;
  let folder: StateFolder;
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
    folder = await StateFolder.open(root);
  });
  afterEach(() => { rmSync(root, { recursive: true, force: true }); });

  it('an id tells its time, and sorts by it', () => {
    assert.equal(requestTime(at(0)), now);
    assert(at(1) < at(0));
  });

  for (const [what, ages, waited, expected] of [
    ['one alone waits for the blink in which a class would begin to arrive', [20], 0, gathering.alone - 20],
    ['then it goes', [gathering.alone], 0, 0],
    ['in a crowd the round waits for a moment of quiet', [500, 30], 0, gathering.quiet + 2 * gathering.quietForEach - 30],
    ['after that moment it goes', [500, 110], 0, 0],
    ['a large crowd is given longer, up to a limit', Array.from({ length: 300 }, () => 100), 0, gathering.longestQuiet - 100],
    ['a crowd that goes on coming is not waited for for ever', [500, 0], gathering.longest - 10, 10],
    ['a clock that is ahead keeps nobody', [-50, -10], 0, 0],
  ] as const) {
    it(what, () => { assert.equal(gatherFor(ages.map(at), now, now - waited), expected); });
  }

  it('wakes when the outcome comes, when the lock is let go, and when it is stopped', async () => {
    const id = at(0);
    await folder.makeFolder('queue', id);
    const turn = new Turn(folder, id);
    const stop = new AbortController();
    try {
      const events = [() => folder.write(['queue', id, 'outcome.json'], '{}'), () => folder.makeFolder('lock', 'held'), async () => { await Promise.resolve(); stop.abort(); }];
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

  it('of many who contend, each lets the older ones go first, for a bounded time', () => {
    const ids = Array.from({ length: 200 }, (_, index) => `request-${index}`);
    assert.deepEqual([standBackFor(ids, 'request-0'), standBackFor(ids, 'request-2'), standBackFor(ids, 'request-199')], [0, 2 * gathering.queueing, gathering.longestQueueing]);
  });

  it('sees that somebody got on, once for each time', async () => {
    const turn = new Turn(folder, '');
    try {
      assert.equal(await turn.progressed(), false);
      await noteProgress(folder, now);
      assert.equal(await turn.progressed(), true);
      assert.equal(await turn.progressed(), false);
    } finally {
      turn.close();
    }
  });
});
