import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createManualClock } from './manualClock.ts';
import { start, stopAll, studentRecord } from './client.ts';
import type { Client } from './client.ts';

describe("stand-in: a visitor's resolver", () => {
  afterEach(stopAll);
  const clock = createManualClock();

  const visit = async ({ standIn }: Client, name: string) => {
    const sent = request(`http://${name}.localhost:${standIn.edgePort}/`, {
      agent: false,
      lookup: standIn.resolver.lookup,
    }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response.resume().statusCode;
  };

  it('leads a name that has a record to the edge', async () => {
    const client = await start({ clock });
    client.standIn.addRecord(studentRecord(client, 'student1'));
    assert.equal(await visit(client, 'student1'), 503);
  });

  it('remembers for half an hour that a name did not exist', async () => {
    const client = await start({ clock });
    await assert.rejects(visit(client, 'student1'), { code: 'ENOTFOUND' });
    client.standIn.addRecord(studentRecord(client, 'student1'));
    clock.advance(1_799_999);
    await assert.rejects(visit(client, 'student1'), { code: 'ENOTFOUND' });
    clock.advance(1);
    assert.equal(await visit(client, 'student1'), 503);
  });

  it('takes a wildcard for a name that has no record of its own', async () => {
    const client = await start({ clock });
    client.standIn.addRecord(studentRecord(client, '*'));
    assert.equal(await visit(client, 'student1'), 503);
  });
});
