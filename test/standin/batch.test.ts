import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dnsRoutes } from '../../standin/api/dnsApi.ts';
import { createHandler } from '../../standin/api/routes.ts';
import type { DnsRecord } from '../../standin/records.ts';
import { World } from '../../standin/world.ts';
import { assertRefused, start, stopAll, studentRecord } from './client.ts';

describe('stand-in: the batch of records', () => {
  afterEach(stopAll);

  it('runs deletes, patches, puts and posts in this order, and answers with each record', async () => {
    const client = await start();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => client.standIn.addRecord(studentRecord(client, name)));
    const { status, result } = await client.call<Record<string, DnsRecord[]>>('POST', `${client.records}/batch`, {
      posts: [studentRecord(client, 'c')], // free once c is renamed to b, which is free once b is renamed to a
      puts: [{ ...studentRecord(client, 'b'), id: c?.id }],
      patches: [{ id: b?.id, name: 'a' }],
      deletes: [{ id: a?.id }],
    });
    assert.equal(status, 200);
    const names = Object.entries(result).map(([kind, records]) => [kind, ...records.map(({ name }) => name)]);
    assert.deepEqual(names, [
      ['deletes', 'a.localhost'],
      ['patches', 'a.localhost'],
      ['puts', 'b.localhost'],
      ['posts', 'c.localhost'],
    ]);
  });

  it('accepts 200 operations, and refuses 201', async () => {
    const client = await start({ recordQuota: 1000 });
    const posts = Array.from({ length: 201 }, (_, number) => studentRecord(client, `s${number}`));
    const refused = await client.call('POST', `${client.records}/batch`, { posts });
    assert.equal(refused.status, 400);
    assert.equal(client.standIn.world.zone.records.size, 0);
    assert.equal((await client.call('POST', `${client.records}/batch`, { posts: posts.slice(1) })).status, 200);
    assert.equal(client.standIn.world.zone.records.size, 200);
  });

  it('fails as a whole for one record that exists, is missing or is invalid', async () => {
    const client = await start();
    const taken = client.standIn.addRecord(studentRecord(client, 'taken'));
    const before = client.standIn.world.zone.records.all();
    const batch = (more: object) =>
      client.call('POST', `${client.records}/batch`, { posts: [studentRecord(client, 'new')], ...more });
    assertRefused(await batch({ posts: [studentRecord(client, 'new'), studentRecord(client, 'taken')] }), 400, 81053);
    assertRefused(await batch({ deletes: [{ id: taken.id }, { id: taken.id }] }), 404, 81044);
    assertRefused(await batch({ patches: [{ id: taken.id, comment: 'x'.repeat(101) }] }), 400, 9313);
    assertRefused(await batch({ puts: [{ id: taken.id }] }), 400, 9000);
    assertRefused(await batch({ deletes: 'all' }), 400, 9207);
    assertRefused(await batch({ deletes: [null] }), 404, 81044);
    assert.deepEqual(client.standIn.world.zone.records.all(), before);
  });

  it('takes effect as a whole or not at all, and never makes two records that exclude each other', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const fields = fc.record({
      name,
      type: fc.constantFrom('A', 'CNAME', 'TXT', 'NONE'),
      content: fc.constantFrom('192.0.2.1', '192.0.2.2', 'x.example.com'),
      comment: fc.constantFrom('short', 'x'.repeat(101)),
    });
    const place = fc.nat(5); // which record; some places are empty
    fc.assert(
      fc.property(
        fc.array(fields, { maxLength: 5 }),
        fc.record({
          deletes: fc.array(place, { maxLength: 2 }),
          patches: fc.array(fc.tuple(place, fc.record({ name })), { maxLength: 2 }),
          puts: fc.array(fc.tuple(place, fields), { maxLength: 2 }),
          posts: fc.array(fields, { maxLength: 3 }),
        }),
        allOrNothing,
      ),
      { numRuns: 500 },
    );
  });
});

type Fields = Record<string, unknown>;

function allOrNothing(
  existing: Fields[],
  wanted: { deletes: number[]; patches: [number, Fields][]; puts: [number, Fields][]; posts: Fields[] },
): void {
  const world = new World({ zoneName: 'localhost', recordQuota: 6 });
  const token = world.addToken();
  const handle = createHandler({ world, routes: dnsRoutes, countRequest: () => undefined });
  const post = (path: string, body: unknown) =>
    handle({
      method: 'POST',
      path: `/zones/${world.zone.id}/dns_records${path}`,
      query: new URLSearchParams(),
      body,
      authorization: `Bearer ${token.value}`,
    });
  for (const fields of existing) post('', fields);
  const before = world.zone.records.all();
  const id = (index: number) => before[index]?.id ?? '0'.repeat(32);
  const { status } = post('/batch', {
    deletes: wanted.deletes.map((index) => ({ id: id(index) })),
    patches: wanted.patches.map(([index, fields]) => ({ ...fields, id: id(index) })),
    puts: wanted.puts.map(([index, fields]) => ({ ...fields, id: id(index) })),
    posts: wanted.posts,
  });
  const after = world.zone.records.all();
  if (status !== 200) assert.deepEqual(after, before);
  else assert.equal(after.length, before.length - wanted.deletes.length + wanted.posts.length);
  assert.ok(after.length <= 6);
  for (const record of after.filter(({ type }) => type === 'CNAME')) {
    assert.deepEqual(
      after.filter((other) => other.name === record.name && other.type !== 'TXT'),
      [record],
    );
  }
}
