import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig } from '../../src/provisioning/config.ts';
import { openStore, type ProvisioningContext, type Store } from '../../src/provisioning/context.ts';
import type { FixableError } from '../../src/provisioning/errors.ts';
import { Leader } from '../../src/provisioning/leader.ts';
import { lockTimes, withLock } from '../../src/provisioning/lock.ts';
import { requestId } from '../../src/provisioning/queue.ts';
import { waitForOutcome } from '../../src/provisioning/requestWaiter.ts';
import { publish } from '../fixtures/provisioning/publishing.ts';

describe('request waiter', () => {
  let root: string;
  let context: ProvisioningContext;
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
    context = {
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
    store = await openStore(context);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** The error code of a request that waits until it has had no progress for a second. */
  async function waitInVain(leader: Leader): Promise<unknown> {
    const { id } = await store.queue.submit(requestId(Date.now(), randomUUID), Date.now(), publish(1));
    const listener = { queued: () => undefined, locked: () => undefined };
    return waitForOutcome(leader, id, listener, new AbortController().signal).catch(
      (error: unknown) => (error as FixableError).code,
    );
  }

  it('does not try the lock while its holder lives', async () => {
    const leader = new LosingLeader(context, store);
    const code = await withLock(
      { folder: store.folder, self: store.self, newId: randomUUID, now: Date.now, times: lockTimes },
      () => waitInVain(leader),
    );
    assert.deepEqual([code, leader.attempts], ['busy', 0]);
  });

  it('tries the lock when its holder has died', async () => {
    const leader = new LosingLeader(context, store);
    const dead = { ...store.self, startTime: '1' };
    const code = await withLock(
      { folder: store.folder, self: dead, newId: randomUUID, now: Date.now, times: lockTimes },
      () => waitInVain(leader),
    );
    assert.equal(code, 'busy');
    assert.ok(leader.attempts > 0);
  });

  it('leads even when loading takes longer than the batch delay', async () => {
    let late = 0;
    context = { ...context, now: () => Date.now() + late };
    class SlowLeader extends LosingLeader {
      override load(): Promise<boolean> {
        const isFirst = late === 0;
        late = 500;
        return Promise.resolve(isFirst);
      }
    }
    const leader = new SlowLeader(context, store);
    assert.equal(await waitInVain(leader), 'busy');
    assert.ok(leader.attempts > 0);
  });
});

/** Always finds the lock taken by another process. */
class LosingLeader extends Leader {
  attempts = 0;

  override tryRound(): Promise<'busy'> {
    this.attempts += 1;
    return Promise.resolve('busy');
  }
}
