import assert from 'node:assert/strict';
import type { FixableError } from '../../src/provisioning/errors.ts';
import { formatMarker } from '../../src/provisioning/marker.ts';
import { recordTarget, type NewRecord } from '../../src/provisioning/plan.ts';
import { changeRecords } from '../../src/provisioning/recordBatches.ts';
import { connectRoundApi } from '../../src/provisioning/roundApi.ts';
import { startStandIn, type StandIn, type StandInOptions } from '../../standin/standIn.ts';
import { callsOf } from '../fixtures/provisioning/remote.ts';

describe('batches of records: a full zone', () => {
  let standIn: StandIn;
  const refused = new Map<string, FixableError>();

  /** A zone with some records that are not ours. */
  async function start(foreign: number, options: StandInOptions): Promise<void> {
    refused.clear();
    standIn = await startStandIn({ zoneName: 'example.com', ...options });
    for (let number = 1; number <= foreign; number += 1)
      standIn.addRecord({ type: 'A', name: `host${number}`, content: '192.0.2.1' });
  }
  afterEach(() => standIn.close());

  const recordsOf = (from: number, to: number): NewRecord[] =>
    Array.from({ length: to - from + 1 }, (_, index) => {
      const user = `student${from + index}`;
      const comment = formatMarker({ user, port: 3000, machine: 'server1' });
      const content = recordTarget(standIn.tunnelId);
      return { type: 'CNAME', name: `${user}.example.com`, content, proxied: true, ttl: 1, comment };
    });

  async function change(create: readonly NewRecord[], removeUsers: readonly string[] = []): Promise<void> {
    const { apiUrl: apiBaseUrl, accountId, tunnelId, zoneId, token } = standIn;
    const cloudflare = connectRoundApi({
      ...{ apiBaseUrl, accountId, tunnelId, zoneId, token, fetch, callDeadline: 7_000 },
      signal: new AbortController().signal,
      beforeCall: () => Promise.resolve(),
    });
    const own = await cloudflare.listRecords();
    standIn.requests.length = 0;
    const remove = own.filter(({ name }) => removeUsers.includes(name.replace('.example.com', '')));
    await changeRecords({ cloudflare, checkLock: () => undefined, own }, { remove, create }, (hostname, reason) =>
      refused.set(hostname, reason),
    );
  }

  it('creates the records that fit, at three calls for any number of records', async () => {
    for (const count of [30, 150]) {
      await start(85, { recordQuota: 100 });
      await change(recordsOf(1, count));
      assert.equal(standIn.world.zone.records.size, 100);
      assert.deepEqual(
        [refused.size, new Set([...refused.values()].map(({ code }) => code))],
        [count - 15, new Set(['quota-reached'])],
      );
      assert.deepEqual(callsOf(standIn), ['POST batch', 'GET records', 'POST batch']);
      await standIn.close();
    }
  });

  it('says how many records there are, and which are ours', async () => {
    await start(7, { recordQuota: 10 });
    for (const record of recordsOf(1, 2))
      standIn.addRecord({ ...record, type: 'CNAME', comment: record.comment ?? null, proxied: true });
    await change(recordsOf(3, 5));
    assert.deepEqual([...refused.keys()], ['student4.example.com', 'student5.example.com']);
    const { message } = [...refused.values()][0] ?? {};
    assert.match(message ?? '', /9 of 10 records/);
    assert.match(message ?? '', /2 of them are ours \(student1\.example\.com, student2\.example\.com\)/);
  });

  it('makes room with the records that are removed in the same batch', async () => {
    await start(8, { recordQuota: 10 });
    for (const record of recordsOf(1, 2))
      standIn.addRecord({ ...record, type: 'CNAME', comment: record.comment ?? null, proxied: true });
    await change(recordsOf(3, 6), ['student1', 'student2']);
    assert.deepEqual([...refused.keys()], ['student5.example.com', 'student6.example.com']);
    assert.equal(standIn.world.zone.records.size, 10);
  });

  it('removes its records even where others fill the zone in the meantime', async () => {
    await start(9, { recordQuota: 10 });
    for (const record of recordsOf(1, 1))
      standIn.addRecord({ ...record, type: 'CNAME', comment: record.comment ?? null, proxied: true });
    const remove = standIn.onRequest({
      after: ({ path }) => {
        if (path.endsWith('/usage')) standIn.world.zone.quota = 9;
      },
    });
    await change(recordsOf(2, 4), ['student1']);
    remove();
    assert.equal(refused.size, 3);
    assert.equal(standIn.world.zone.records.size, 9);
    assert.equal(standIn.requests.length, 4);
  });

  it('refuses what does not fit where the zone does not tell its size', async () => {
    await start(10, { recordQuota: 10 });
    standIn.faults.add({ kind: 'status', status: 403, code: 10000, path: '/usage' });
    await change(recordsOf(1, 3));
    assert.deepEqual([refused.size, standIn.world.zone.records.size], [3, 10]);
  });
});
