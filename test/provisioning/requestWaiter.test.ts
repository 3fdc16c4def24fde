import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig } from '../../src/provisioning/config.ts';
import type { MendableError } from '../../src/provisioning/errors.ts';
import { Leader } from '../../src/provisioning/leader.ts';
import { lockTimes, withLock } from '../../src/provisioning/lock.ts';
import { requestId } from '../../src/provisioning/queue.ts';
import { openStore, type Store, type ProvisioningContext } from '../../src/provisioning/context.ts';
import { Waiting } from '../../src/provisioning/requestWaiter.ts';
import { publish } from '../fixtures/provisioning/publishing.ts';

describe('waiting', () => {
  let root: string;
  let around: ProvisioningContext;
  let store: Store;
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
    const settings = {
      accountId: 'account',
      zoneId: 'zone',
      tunnelId: '00000000-0000-4000-8000-000000000000',
      hostname: '{user}.example.com',
      stateDir: root,
      lockTimeoutSeconds: 1,
    };
    around = {
      config: parseConfig('config.json', JSON.stringify(settings), 'server1'),
      host: 'host1',
      token: 'token',
      now: Date.now,
      newId: randomUUID,
      fetch,
      callDeadline: 1_000,
      lockTimes,
      isListening: () => false,
      log: () => undefined,
    };
    store = await openStore(around);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** One request that waits until it has had no progress for a second. */
  async function waitInVain(leader: Leader): Promise<unknown> {
    const { id } = await store.queue.submit(requestId(Date.now(), randomUUID), Date.now(), publish(1));
    const waiting = new Waiting(
      id,
      around,
      store,
      leader,
      { queued: () => undefined, locked: () => undefined },
      new AbortController().signal,
    );
    return waiting.forOutcome().catch((error: unknown) => (error as MendableError).code);
  }

  it('never tries a lock whose holder lives: let go in that moment, it would begin a round that nobody has gathered for', async () => {
    const leader = new CountingLeader(around, store);
    const code = await withLock({ folder: store.folder, self: store.self, newId: randomUUID, times: lockTimes }, () =>
      waitInVain(leader),
    );
    assert.deepEqual([code, leader.tries], ['busy', 0]);
  });

  it('tries the lock of a holder that has died', async () => {
    const leader = new CountingLeader(around, store);
    const dead = { ...store.self, startTime: '1' };
    const code = await withLock({ folder: store.folder, self: dead, newId: randomUUID, times: lockTimes }, () =>
      waitInVain(leader),
    );
    assert.equal(code, 'busy');
    assert(leader.tries > 0);
  });

  it('leads also where it takes longer to load what a round needs than it would wait', async () => {
    let late = 0;
    around = { ...around, now: () => Date.now() + late };
    class SlowLeader extends CountingLeader {
      override prepare(): Promise<boolean> {
        const isFirst = late === 0;
        late = 2_000;
        return Promise.resolve(isFirst);
      }
    }
    const leader = new SlowLeader(around, store);
    assert.equal(await waitInVain(leader), 'busy');
    assert(leader.tries > 0);
  });

  describe('on a slow machine, where the next look is always later than one waits without progress', () => {
    const arrivals = 6;
    let came: number;
    beforeEach(() => {
      came = 0;
      let late = 0;
      // Three are in front, so ours only waits; with every glance at the clock the next one comes.
      const come = (at: number) => mkdirSync(store.folder.in('queue', requestId(at, randomUUID)), { recursive: true });
      for (const age of [3, 2, 1]) come(Date.now() - age);
      around = {
        ...around,
        now: () => {
          late += 600;
          if (came < arrivals) come(Date.now() + late);
          came += 1;
          return Date.now() + late;
        },
      };
    });

    it('has patience while others come', async () => {
      assert.equal(await waitInVain(new CountingLeader(around, store)), 'busy');
      assert(came > arrivals, `gave up when ${came} had come`);
    });

    it('has none for those who come while another holds the lock, and does nothing', async () => {
      const options = { folder: store.folder, self: store.self, newId: randomUUID, times: lockTimes };
      assert.equal(await withLock(options, () => waitInVain(new CountingLeader(around, store))), 'busy');
      assert(came <= arrivals, 'it waited for all of them');
    });
  });
});

/** Always comes too late. */
class CountingLeader extends Leader {
  tries = 0;

  override tryRound(): Promise<'busy'> {
    this.tries += 1;
    return Promise.resolve('busy');
  }
}
