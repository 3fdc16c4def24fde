import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { everyFault, Faults } from '../../standin/faults.ts';
import type { Fault } from '../../standin/faults.ts';
import { start, stopAll } from './client.ts';
import type { Client } from './client.ts';

const config = { ingress: [{ service: 'http_status:404' }] };

/** Sends the PUT of a configuration by hand, so that the test sees how far the answer comes. */
function put({ standIn, configurations }: Client): ClientRequest {
  const headers = { authorization: `Bearer ${standIn.token}`, 'content-type': 'application/json' };
  return request(standIn.apiUrl + configurations, { method: 'PUT', headers, agent: false }).end(
    JSON.stringify({ config }),
  );
}

/** Resolves once the call has taken its effect, or was kept from it. */
function passed(client: Client): Promise<void> {
  return new Promise((resolve) => client.standIn.onRequest({ after: () => resolve() }));
}

describe('stand-in: faults', () => {
  afterEach(stopAll);

  for (const [name, fault] of Object.entries(everyFault)) {
    it(name, async () => {
      const client = await start();
      client.standIn.faults.add({ ...fault, method: 'PUT', path: '/configurations' });
      await observe[fault.kind](client, fault);
      assert.equal(client.standIn.world.tunnel.version, fault.effect ? 1 : 0, 'the effect');
      assert.equal(client.standIn.requests[0]?.fault, fault.kind);
      assert.equal((await client.call('PUT', client.configurations, { config })).status, 200, 'it strikes once');
    });
  }

  const observe: Record<Fault['kind'], (client: Client, fault: Fault) => Promise<void>> = {
    refuse: (client) => assert.rejects(once(put(client), 'response'), { code: 'ECONNRESET' }),
    drop: (client) => assert.rejects(once(put(client), 'response'), { code: 'ECONNRESET' }),
    'hang-headers': async (client) => {
      const done = passed(client);
      const hanging = put(client);
      hanging.on('response', () => assert.fail('an answer came')).on('error', () => undefined);
      await done;
      // A later call is answered in full, on a connection of its own, while this one still waits.
      assert.equal((await client.call('GET', client.configurations)).status, 200);
      hanging.destroy();
    },
    'hang-body': async (client) => {
      const [response] = (await once(put(client), 'response')) as [IncomingMessage];
      const [chunk] = (await once(response, 'data')) as [Buffer];
      assert.equal(response.statusCode, 200);
      assert.ok(chunk.length < Number(response.headers['content-length']));
      assert.equal(response.complete, false);
      response.destroy();
    },
    'cut-body': async (client) => {
      const [response] = (await once(put(client), 'response')) as [IncomingMessage];
      await assert.rejects(text(response), { code: 'ECONNRESET' });
    },
    'half-json': async (client) => {
      const [response] = (await once(put(client), 'response')) as [IncomingMessage];
      const body = await text(response);
      assert.equal(response.complete, true);
      assert.throws(() => JSON.parse(body), SyntaxError);
    },
    status: async (client, fault) => {
      const reply = await client.call('PUT', client.configurations, { config });
      assert.deepEqual([reply.status, reply.success, reply.errors[0]?.code], [fault.status, false, fault.code]);
      assert.equal(
        reply.headers.get('retry-after'),
        fault.retryAfterSeconds === undefined ? null : String(fault.retryAfterSeconds),
      );
    },
    'not-success': async (client) => {
      const reply = await client.call('PUT', client.configurations, { config });
      assert.deepEqual([reply.status, reply.success, reply.result], [200, false, null]);
    },
    html: async (client, fault) => {
      const [response] = (await once(put(client), 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, fault.status);
      assert.match(response.headers['content-type'] ?? '', /html/);
      assert.match(await text(response), /^<!DOCTYPE html>/);
    },
  };

  it('ends calls that hang when it is closed', async () => {
    const client = await start();
    client.standIn.faults.add({ kind: 'hang-headers' });
    const done = passed(client);
    const answer = once(put(client), 'response');
    await Promise.all([assert.rejects(answer), done.then(() => client.standIn.close())]);
  });

  it('refuses connections while it is offline', async () => {
    const client = await start();
    await client.standIn.goOffline();
    await assert.rejects(once(put(client), 'response'), { code: 'ECONNREFUSED' });
    await client.standIn.goOnline();
    assert.equal((await client.call('GET', client.configurations)).status, 200);
  });
});

describe('stand-in: the calls that a fault strikes', () => {
  it('strikes a matching call, the nth where one is given', () => {
    const faults = new Faults();
    faults.add({ kind: 'drop', method: 'PUT', path: '/configurations', nth: 2 });
    const calls: [method: string, path: string][] = [
      ['PUT', '/x/configurations'],
      ['GET', '/x/configurations'],
      ['PUT', '/x'],
      ['PUT', '/x/configurations'],
      ['PUT', '/x/configurations'],
    ];
    assert.deepEqual(
      calls.map((call) => faults.strike(...call)?.kind),
      [undefined, undefined, undefined, 'drop', undefined],
    );
    assert.deepEqual(faults.armed, []);
  });

  it('strikes every later call with `always`', () => {
    const faults = new Faults();
    const disarm = faults.add({ kind: 'html', pattern: '/dns_records(\\?|$)', nth: 2, always: true });
    const paths = ['/dns_records', '/dns_records?x', '/dns_records/batch', '/dns_records'];
    assert.deepEqual(
      paths.map((path) => faults.strike('GET', path)?.kind),
      [undefined, 'html', undefined, 'html'],
    );
    disarm();
    assert.equal(faults.strike('GET', '/dns_records'), undefined);
  });

  it('lets one fault at a time strike a call', () => {
    const faults = new Faults();
    faults.add({ kind: 'drop' });
    faults.add({ kind: 'html' });
    assert.deepEqual(
      [1, 2, 3].map(() => faults.strike('GET', '/')?.kind),
      ['drop', 'html', undefined],
    );
  });
});
