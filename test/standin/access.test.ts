import assert from 'node:assert/strict';
import { assertRefused, start, stopAll } from './client.ts';

describe('stand-in: authentication and rate limit', () => {
  afterEach(stopAll);

  it('refuses a missing, a malformed and an unknown token', async () => {
    const { call, configurations } = await start();
    assertRefused(await call('GET', configurations, undefined, null), 400, 9106);
    assertRefused(await call('GET', configurations, undefined, 'no token!'), 400, 6111);
    assertRefused(await call('GET', configurations, undefined, 'unknown-unknown'), 403, 9109);
    assertRefused(await call('GET', '/user/tokens/verify', undefined, 'unknown-unknown'), 401, 1000);
  });

  it('verifies a token of a user and one of the account at their own addresses', async () => {
    const { standIn, call } = await start();
    const account = standIn.world.addToken({ owner: 'account' }).value;
    const accountVerify = `/accounts/${standIn.accountId}/tokens/verify`;
    assert.equal((await call<{ status: string }>('GET', '/user/tokens/verify')).result.status, 'active');
    assert.equal((await call<{ status: string }>('GET', accountVerify, undefined, account)).result.status, 'active');
    assertRefused(await call('GET', accountVerify), 401, 1000);
    assertRefused(await call('GET', '/user/tokens/verify', undefined, account), 401, 1000);
  });

  it('verifies an expired token as expired, and refuses its other calls', async () => {
    const { standIn, call, records } = await start();
    const { value } = standIn.world.addToken({ status: 'expired' });
    assert.equal(
      (await call<{ status: string }>('GET', '/user/tokens/verify', undefined, value)).result.status,
      'expired',
    );
    assertRefused(await call('GET', records, undefined, value), 403, 9109);
  });

  it('refuses a call without the scope that it needs, although the token verifies', async () => {
    const client = await start();
    const { standIn, call, configurations, records } = client;
    const onlyDns = standIn.world.addToken({ scopes: ['dns:read'] }).value;
    const onlyTunnel = standIn.world.addToken({ scopes: ['tunnel:read'] }).value;
    assert.equal((await call('GET', '/user/tokens/verify', undefined, onlyDns)).status, 200);
    assert.equal((await call('GET', records, undefined, onlyDns)).status, 200);
    assertRefused(await call('POST', records, {}, onlyDns), 403, 10000);
    assertRefused(await call('GET', configurations, undefined, onlyDns), 403, 10000);
    assertRefused(await call('GET', `/zones?name=localhost`, undefined, onlyDns), 403, 9109);
    assert.equal((await call('GET', configurations, undefined, onlyTunnel)).status, 200);
    assertRefused(await call('PUT', configurations, { config: {} }, onlyTunnel), 403, 10000);
  });

  it('answers 404 for unknown ids and paths', async () => {
    const { standIn, call, configurations } = await start();
    const id = '0123456789abcdef0123456789abcdef';
    const tunnel = '01234567-89ab-cdef-0123-456789abcdef';
    assertRefused(await call('GET', configurations.replace(standIn.accountId, id)), 404, 7003);
    assertRefused(await call('GET', configurations.replace(standIn.tunnelId, tunnel)), 404, 1003);
    assertRefused(await call('GET', configurations.replace(standIn.tunnelId, 'classroom')), 404, 7003);
    assertRefused(await call('GET', `/zones/${id}/dns_records`), 404, 1001);
    assertRefused(await call('GET', '/zones/localhost/dns_records'), 404, 7003);
    assertRefused(await call('GET', '/nowhere'), 404, 7003);
  });

  it('finds zones by name and by id', async () => {
    const { standIn, call } = await start({ zoneName: 'example.com' });
    assert.deepEqual(
      (await call<{ id: string }[]>('GET', '/zones?name=example.com')).result.map(({ id }) => id),
      [standIn.zoneId],
    );
    assert.deepEqual((await call('GET', '/zones?name=example.org')).result, []);
    assert.equal((await call<{ name: string }>('GET', `/zones/${standIn.zoneId}`)).result.name, 'example.com');
  });

  it('blocks every call of a user past the limit, with any of their tokens, until the block is over', async () => {
    let now = Date.parse('2026-01-01T08:00:00Z');
    const { standIn, call, records } = await start({
      clock: { now: () => now },
      rateLimit: { requests: 3, windowSeconds: 60, blockSeconds: 300 },
    });
    const second = standIn.world.addToken().value;
    const ofAnotherUser = standIn.world.addToken({ user: 'colleague' }).value;
    const ofTheAccount = standIn.world.addToken({ owner: 'account' }).value;
    for (let count = 0; count < 3; count += 1) assert.equal((await call('GET', records)).status, 200);
    const refused = await call('GET', records);
    assertRefused(refused, 429, 971);
    assert.equal(refused.headers.get('retry-after'), '300');
    assertRefused(await call('GET', records, undefined, second), 429, 971);
    assert.equal((await call('GET', records, undefined, ofAnotherUser)).status, 200);
    assert.equal((await call('GET', records, undefined, ofTheAccount)).status, 200);
    now += 299_500;
    assert.equal((await call('GET', '/user/tokens/verify')).headers.get('retry-after'), '1');
    now += 500;
    assert.equal((await call('GET', records)).status, 200);
  });

  it('forgets the requests of a window that is over', async () => {
    let now = 0;
    const { call, records } = await start({ clock: { now: () => now }, rateLimit: { requests: 2, windowSeconds: 60 } });
    for (let minute = 0; minute < 3; minute += 1) {
      for (let count = 0; count < 2; count += 1) assert.equal((await call('GET', records)).status, 200);
      now += 60_000;
    }
  });
});
