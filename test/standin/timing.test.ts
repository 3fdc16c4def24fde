import assert from 'node:assert/strict';
import { start, stopAll } from './client.ts';

const config = { ingress: [{ service: 'http_status:404' }] };

describe('stand-in: latency, hooks and controls', () => {
  afterEach(stopAll);

  it('takes one round trip for each call, which can be changed', async () => {
    const { standIn, call, configurations } = await start({ roundTripMs: 3_600_000 });
    standIn.roundTripMs = 60;
    const begin = performance.now();
    await call('GET', configurations);
    await call('GET', configurations);
    assert.ok(performance.now() - begin >= 118);
  });

  it('reads in the middle of the round trip, so a later save goes unseen', async () => {
    const { standIn, call, configurations } = await start({ roundTripMs: 40 });
    const remove = standIn.onRequest({ after: () => standIn.world.saveInDashboard((saved) => saved) });
    const { result } = await call<{ version: number }>('GET', configurations);
    remove();
    assert.equal(result.version, 0, 'read before the outside writer');
    assert.equal(
      (await call<{ version: number }>('PUT', configurations, { config })).result.version,
      2,
      'one more than the outside writer',
    );
  });

  it('waits for its hooks, and drops a call if one says so', async () => {
    const { standIn, call, configurations } = await start();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const remove = standIn.onRequest({ before: () => held });
    const reply = call('PUT', configurations, { config });
    assert.equal(await Promise.race([reply, new Promise((resolve) => setImmediate(resolve, 'held'))]), 'held');
    assert.equal(standIn.world.tunnel.version, 0);
    release();
    assert.equal((await reply).status, 200);
    remove();
    standIn.onRequest({ before: ({ method }) => (method === 'PUT' ? 'drop' : undefined) });
    await assert.rejects(call('PUT', configurations, { config }));
    assert.equal(standIn.world.tunnel.version, 1);
  });

  it('logs each call with its answer', async () => {
    const { standIn, call, configurations, records } = await start({ clock: { now: () => 1000 } });
    await call('GET', `${records}?type=A`);
    await call('PUT', configurations, {});
    assert.deepEqual(standIn.requests, [
      { method: 'GET', path: `${records}?type=A`, at: 1000, status: 200 },
      { method: 'PUT', path: configurations, at: 1000, status: 400 },
    ]);
  });

  it('serves 200 clients at once', async () => {
    const client = await start({ roundTripMs: 50, recordQuota: 1000 });
    for (let number = 0; number < 800; number += 1)
      client.standIn.addRecord({ type: 'A', name: `n${number}`, content: '192.0.2.1' });
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, number) =>
        client.call('POST', client.records, { type: 'A', name: `s${number}`, content: '192.0.2.1' }),
      ),
    );
    assert.ok(replies.every(({ status }) => status === 200));
    assert.equal(client.standIn.world.zone.records.size, 1000);
  });

  async function startWithControl() {
    const client = await start();
    const address = client.standIn.apiUrl.replace('/client/v4', '/_stand-in');
    const control = async (name: string, body?: unknown): Promise<[number, Record<string, unknown>]> => {
      const response = await fetch(`${address}/${name}`, {
        method: 'POST',
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return [response.status, (await response.json()) as Record<string, unknown>];
    };
    return { ...client, address, control };
  }

  it('takes controls over HTTP from other processes', async () => {
    const { standIn, call, configurations, control } = await startWithControl();
    assert.deepEqual(await control('latency', { roundTripMs: 7 }), [200, { roundTripMs: 7 }]);
    assert.equal(standIn.roundTripMs, 7);
    const fault = { kind: 'status', status: 409, nth: 2, method: 'GET' };
    assert.deepEqual(await control('faults', { add: [fault] }), [200, { armed: [fault] }]);
    assert.equal((await call('GET', configurations)).status, 200);
    assert.equal((await call('GET', configurations)).status, 409);
    assert.deepEqual(await control('faults', { clear: true }), [200, { armed: [] }]);
    const added = { name: 'wiki', type: 'A', content: '192.0.2.1' };
    await control('world', { saveConfiguration: { config }, addRecords: [added] });
    assert.equal(standIn.world.tunnel.version, 1);
    const [, world] = await control('world');
    assert.match(JSON.stringify(world), /wiki\.localhost/);
    await control('world', { removeRecords: ['wiki.localhost'] });
    assert.equal(standIn.world.zone.records.size, 0);
    assert.equal((await control('requests'))[1].total, 2);
    assert.deepEqual(await control('requests', { clear: true }), [200, { total: 0, requests: [] }]);
  });

  it('explains a wrong control, and answers this machine only', async () => {
    const { address, control } = await startWithControl();
    const [status, { error }] = await control('latency', { roundtrip: 7 });
    assert.equal(status, 400);
    assert.match(String(error), /roundtrip/);
    assert.equal((await control('nothing'))[0], 404);
    assert.equal((await fetch(`${address}/latency`)).status, 404);
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      void import('node:http').then(({ request }) => {
        request(
          `${address}/latency`,
          { method: 'POST', headers: { host: 'attacker.example' }, agent: false },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        )
          .on('error', reject)
          .end();
      });
    });
    assert.equal(rebound, 403);
  });
});
