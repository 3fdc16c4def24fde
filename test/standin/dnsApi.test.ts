import assert from 'node:assert/strict';
import type { DnsRecord } from '../../standin/records.ts';
import { assertRefused, start, stopAll, studentRecord } from './client.ts';

describe('stand-in: DNS records', () => {
  afterEach(stopAll);

  it('says how many records the zone holds, and may hold', async () => {
    const client = await start({ recordQuota: 7 });
    client.standIn.addRecord(studentRecord(client, 'student1'));
    const { result } = await client.call('GET', `${client.records}/usage`);
    assert.deepEqual(result, { record_quota: 7, record_usage: 1 });
  });

  it('creates, shows, changes and deletes a record', async () => {
    const client = await start();
    const { call, records } = client;
    const { result: made } = await call<DnsRecord>('POST', records, {
      ...studentRecord(client, 'Student1.LOCALHOST'),
      unknown: 1,
    });
    assert.match(made.id, /^[0-9a-f]{32}$/);
    assert.equal(made.name, 'student1.localhost');
    assert.ok(!('unknown' in made));
    assert.deepEqual((await call<DnsRecord>('GET', `${records}/${made.id}`)).result, made);
    const patched = (await call<DnsRecord>('PATCH', `${records}/${made.id}`, { comment: 'other' })).result;
    assert.deepEqual([patched.comment, patched.content, patched.created_on], ['other', made.content, made.created_on]);
    const put = (await call<DnsRecord>('PUT', `${records}/${made.id}`, { type: 'A', name: '@', content: '192.0.2.1' }))
      .result;
    assert.deepEqual(
      [put.id, put.name, put.comment, put.proxied],
      [made.id, 'localhost', null, false],
      'what was left out is gone',
    );
    assert.deepEqual((await call('DELETE', `${records}/${made.id}`)).result, { id: made.id });
    for (const method of ['GET', 'DELETE', 'PATCH', 'PUT']) {
      assertRefused(
        await call(method, `${records}/${made.id}`, method === 'GET' || method === 'DELETE' ? undefined : {}),
        404,
        81044,
      );
    }
  });

  it('takes a name outside the zone as relative to it', async () => {
    const client = await start({ zoneName: 'example.com' });
    const { result } = await client.call<DnsRecord>(
      'POST',
      client.records,
      studentRecord(client, 'student1.example.org'),
    );
    assert.equal(result.name, 'student1.example.org.example.com');
  });

  it('sets the lifetime of a proxied record to automatic', async () => {
    const client = await start();
    const { result } = await client.call<DnsRecord>('POST', client.records, {
      ...studentRecord(client, 'a'),
      ttl: 300,
    });
    assert.equal(result.ttl, 1);
  });

  const bad: Record<string, [fields: Record<string, unknown>, code: number]> = {
    'no type': [{ type: undefined }, 9000],
    'an unknown type': [{ type: 'ALIAS' }, 9000],
    'no name': [{ name: undefined }, 9000],
    'a name with a space': [{ name: 'a b' }, 9000],
    'a label of 64 characters': [{ name: 'a'.repeat(64) }, 9000],
    'a label that begins with a hyphen': [{ name: '-a' }, 9000],
    'a wildcard inside': [{ name: 'a.*' }, 9000],
    'no content': [{ content: undefined }, 9009],
    'a CNAME to an address with a port': [{ content: 'localhost:3000' }, 9007],
    'a CNAME to itself': [{ name: 'a', content: 'a.localhost' }, 9039],
    'an A record without an address': [{ type: 'A', content: 'example.com' }, 9005],
    'an AAAA record with an IPv4 address': [{ type: 'AAAA', content: '192.0.2.1' }, 9006],
    'a proxied TXT record': [{ type: 'TXT', content: 'x' }, 9004],
    'a short lifetime': [{ proxied: false, ttl: 59 }, 9021],
    'a tag': [{ tags: ['a:b'] }, 9300],
    'a comment of 101 characters': [{ comment: 'é'.repeat(101) }, 9313],
    'a comment of two lines': [{ comment: 'a\nb' }, 9314],
    'proxied as text': [{ proxied: 'true' }, 9207],
  };
  for (const [what, [fields, code]] of Object.entries(bad)) {
    it(`refuses ${what}`, async () => {
      const client = await start();
      assertRefused(
        await client.call('POST', client.records, { ...studentRecord(client, 'student1'), ...fields }),
        400,
        code,
      );
      assert.equal(client.standIn.world.zone.records.size, 0);
    });
  }

  it('accepts a comment of 100 characters, and a wildcard', async () => {
    const client = await start();
    const { status } = await client.call('POST', client.records, {
      ...studentRecord(client, '*.class'),
      comment: 'é'.repeat(100),
    });
    assert.equal(status, 200);
  });

  const address = { type: 'A', content: '192.0.2.1', proxied: false };
  const conflicts: Record<string, [first: object, second: object, code: number | undefined]> = {
    'a CNAME beside an A record': [address, {}, 81053],
    'a CNAME beside a CNAME': [{ content: 'x.example.com' }, {}, 81053],
    'the same CNAME twice': [{}, {}, 81053],
    'an A record beside a CNAME': [{}, address, 81054],
    'the same A record twice': [address, address, 81058],
    'two A records': [address, { ...address, content: '192.0.2.2' }, undefined],
    'a TXT record beside a CNAME': [{}, { type: 'TXT', content: 'x', proxied: false }, undefined],
  };
  for (const [what, [first, second, code]] of Object.entries(conflicts)) {
    it(`${code === undefined ? 'accepts' : 'refuses'} ${what}`, async () => {
      const client = await start();
      const base = studentRecord(client, 'student1');
      await client.call('POST', client.records, { ...base, ...first });
      const reply = await client.call('POST', client.records, { ...base, name: 'STUDENT1.localhost', ...second });
      if (code === undefined) assert.equal(reply.status, 200, JSON.stringify(reply.errors));
      else assertRefused(reply, 400, code);
    });
  }

  it('refuses to rename a record onto another', async () => {
    const client = await start();
    await client.call('POST', client.records, studentRecord(client, 'a'));
    const { result } = await client.call<DnsRecord>('POST', client.records, studentRecord(client, 'b'));
    assertRefused(await client.call('PATCH', `${client.records}/${result.id}`, { name: 'a' }), 400, 81053);
    assert.equal(client.standIn.world.zone.records.named('b.localhost').length, 1);
  });

  it('refuses a record past the quota', async () => {
    const client = await start({ recordQuota: 2 });
    for (const name of ['a', 'b'])
      assert.equal((await client.call('POST', client.records, studentRecord(client, name))).status, 200);
    assertRefused(await client.call('POST', client.records, studentRecord(client, 'c')), 400, 81045);
    const [first] = client.standIn.world.zone.records.all();
    const swap = { deletes: [{ id: first?.id }], posts: [studentRecord(client, 'c')] };
    assert.equal((await client.call('POST', `${client.records}/batch`, swap)).status, 200);
  });
});

describe('stand-in: the list of records', () => {
  afterEach(stopAll);

  async function startWithRecords() {
    const client = await start();
    const { standIn } = client;
    for (const name of ['b', 'a', 'c'])
      standIn.addRecord({ ...studentRecord(client, name), comment: `marker ${name}` });
    standIn.addRecord({ type: 'A', name: 'wiki', content: '192.0.2.1' });
    const names = async (query: string) =>
      (await client.call<DnsRecord[]>('GET', `${client.records}?${query}`)).result.map(
        ({ name }) => name.split('.')[0],
      );
    return { ...client, names };
  }

  it('filters by the fields of the schema', async () => {
    const { standIn, names } = await startWithRecords();
    assert.deepEqual(await names(`content.exact=${standIn.tunnelId}.cfargotunnel.com&order=name`), ['a', 'b', 'c']);
    assert.deepEqual(await names('name.exact=A.localhost'), ['a']);
    assert.deepEqual(await names('name.exact=a'), []);
    assert.deepEqual(await names('comment.contains=marker%20c'), ['c']);
    assert.deepEqual(await names('comment.absent='), ['wiki']);
    assert.deepEqual(await names('type=A'), ['wiki']);
    assert.deepEqual(await names('proxied=false'), ['wiki']);
    assert.deepEqual(await names('match=any&type=A&name.startswith=c.'), ['wiki', 'c']);
    assert.deepEqual(await names('order=name&direction=desc'), ['wiki', 'c', 'b', 'a']);
  });

  it('shows pages, and says how many there are', async () => {
    const { call, records, names } = await startWithRecords();
    assert.deepEqual(await names('order=name&per_page=3&page=2'), ['wiki']);
    const { result_info: info } = await call('GET', `${records}?per_page=3`);
    assert.deepEqual(info, { page: 1, per_page: 3, count: 3, total_count: 4, total_pages: 2 });
  });

  for (const query of [
    'per_page=5001',
    'per_page=0',
    'page=x',
    'name=a.localhost',
    'content.equals=x',
    'order=age',
    'match=some',
  ]) {
    it(`refuses ${query}`, async () => {
      const { call, records } = await start();
      assertRefused(await call('GET', `${records}?${query}`), 400, 1004);
    });
  }

  it('lists 5,000 records on one page', async () => {
    const { standIn, call, records } = await start({ recordQuota: 5000 });
    for (let number = 0; number < 5000; number += 1)
      standIn.addRecord({ type: 'A', name: `n${number}`, content: '192.0.2.1' });
    assert.equal((await call<DnsRecord[]>('GET', `${records}?per_page=5000`)).result.length, 5000);
  });
});
