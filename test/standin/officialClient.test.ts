// Cloudflare's own package has to find the stand-in no different from the real thing.
import assert from 'node:assert/strict';
import Cloudflare from 'cloudflare';
import { startStandIn } from '../../standin/standIn.ts';
import type { StandIn } from '../../standin/standIn.ts';

describe('stand-in: the official package', () => {
  let standIn: StandIn;
  let client: Cloudflare;

  beforeEach(async () => {
    standIn = await startStandIn({ zoneName: 'example.com' });
    client = new Cloudflare({
      baseURL: standIn.apiUrl,
      apiToken: standIn.token,
      apiKey: null,
      apiEmail: null,
      maxRetries: 0,
    });
  });
  afterEach(() => standIn.close());

  it('verifies the token, and finds the zone and the tunnel', async () => {
    assert.equal((await client.user.tokens.verify()).status, 'active');
    const zones = await client.zones.list({ name: 'example.com' });
    assert.deepEqual(
      zones.result.map(({ id }) => id),
      [standIn.zoneId],
    );
    const tunnel = await client.zeroTrust.tunnels.cloudflared.get(standIn.tunnelId, { account_id: standIn.accountId });
    assert.equal(tunnel.id, standIn.tunnelId);
  });

  it('reads and replaces the configuration', async () => {
    const { configurations } = client.zeroTrust.tunnels.cloudflared;
    const account = { account_id: standIn.accountId };
    assert.equal((await configurations.get(standIn.tunnelId, account)).version, 0);
    const config = {
      ingress: [
        { hostname: 'a.example.com', service: 'http://localhost:3000' },
        { hostname: '', service: 'http_status:404' },
      ],
    };
    assert.equal((await configurations.update(standIn.tunnelId, { ...account, config })).version, 1);
    await assert.rejects(
      configurations.update(standIn.tunnelId, { ...account, config: { ingress: [] } }),
      Cloudflare.BadRequestError,
    );
  });

  it('lists every page of the records, and changes them in a batch', async () => {
    const zone = { zone_id: standIn.zoneId };
    const posts = Array.from({ length: 5 }, (_, number) => ({
      type: 'A' as const,
      name: `n${number}.example.com`,
      content: '192.0.2.1',
      ttl: 1 as const,
    }));
    const made = await client.dns.records.batch({ ...zone, posts });
    assert.equal(made.posts?.length, 5);
    const names: string[] = [];
    for await (const record of client.dns.records.list({ ...zone, content: { exact: '192.0.2.1' }, per_page: 2 }))
      names.push(record.name);
    assert.equal(names.length, 5);
    const [first] = made.posts;
    assert.ok(first);
    assert.equal((await client.dns.records.delete(first.id, zone)).id, first.id);
    await assert.rejects(
      client.dns.records.delete(first.id, zone),
      (error: unknown) => error instanceof Cloudflare.NotFoundError && error.errors[0]?.code === 81044,
    );
  });
});
