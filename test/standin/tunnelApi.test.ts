import assert from 'node:assert/strict';
import type { TunnelConfig } from '../../standin/world.ts';
import { assertRefused, start, stopAll } from './client.ts';

interface Configuration {
  version: number;
  config: TunnelConfig | null;
  source: string;
}

const catchAll = { service: 'http_status:404' };
const ruleFor = (hostname: string, service = 'http://localhost:3000') => ({ hostname, service });

describe('stand-in: tunnels', () => {
  afterEach(stopAll);

  it('answers null and version 0, or 404 with code 1055, before the first save', async () => {
    const first = await start();
    const { result } = await first.call<Configuration>('GET', first.configurations);
    assert.deepEqual([result.config, result.version, result.source], [null, 0, 'cloudflare']);
    const second = await start({ unconfigured: 'not-found' });
    assertRefused(await second.call('GET', second.configurations), 404, 1055);
    await second.call('PUT', second.configurations, { config: { ingress: [catchAll] } });
    assert.equal((await second.call<Configuration>('GET', second.configurations)).result.version, 1);
  });

  it('replaces everything, counts each save, and keeps unknown keys', async () => {
    const { call, configurations } = await start();
    const config = {
      ingress: [
        {
          ...ruleFor('a.localhost'),
          originRequest: { connectTimeout: 10, access: { audTag: ['x'] } },
          note: { deep: [1, null] },
        },
        { service: 'http_status:418' },
      ],
      originRequest: { noTLSVerify: true },
      'warp-routing': { enabled: true },
      unknown: 'kept',
    };
    assert.equal((await call<Configuration>('PUT', configurations, { config })).result.version, 1);
    const { result } = await call<Configuration>('GET', configurations);
    assert.equal(JSON.stringify(result.config), JSON.stringify(config), 'byte for byte');
    await call('PUT', configurations, { config: { ingress: [catchAll] } });
    assert.deepEqual((await call<Configuration>('GET', configurations)).result.config, { ingress: [catchAll] });
    assert.equal((await call<Configuration>('GET', configurations)).result.version, 2);
  });

  const good: Record<string, unknown[]> = {
    'a wildcard, a path, a socket, a status and a named service': [
      ruleFor('*.localhost'),
      { ...ruleFor('a.localhost'), path: '/api/.*' },
      ruleFor('b.localhost', 'unix:/run/app.sock'),
      ruleFor('c.localhost', 'http_status:503'),
      ruleFor('d.localhost', 'hello_world'),
      ruleFor('e.localhost', 'ssh://localhost:22'),
      catchAll,
    ],
    'a catch-all with any service, written as "*"': [
      ruleFor('a.localhost'),
      { hostname: '*', service: 'http://localhost:1' },
    ],
    'a catch-all with an empty hostname': [{ hostname: '', service: 'https://[::1]:8443' }],
    'one hostname twice': [ruleFor('a.localhost'), ruleFor('a.localhost'), catchAll],
    'a wildcard within the first label, and a hostname with a path, which match nothing': [
      ruleFor('*a.localhost'),
      ruleFor('a.localhost/x'),
      catchAll,
    ],
    'a service with a query, a fragment or a user': [
      ruleFor('a.localhost', 'http://localhost:3000?a=1'),
      ruleFor('b.localhost', 'http://localhost:3000#top'),
      ruleFor('c.localhost', 'http://user:word@localhost:3000'),
      catchAll,
    ],
    'any service in bastion mode': [
      { ...ruleFor('a.localhost', 'localhost:3000'), originRequest: { bastionMode: true } },
      catchAll,
    ],
    'null for what is left out': [{ hostname: 'a.localhost', path: null, service: 'unix:' }, catchAll],
    'a path with flags and named groups': [{ ...ruleFor('a.localhost'), path: '(?i)^/(?P<name>api)' }, catchAll],
    'an originRequest that the connector will refuse': [
      { ...ruleFor('a.localhost'), originRequest: { noTLSVerify: 'true' } },
      catchAll,
    ],
  };
  for (const [what, ingress] of Object.entries(good)) {
    it(`accepts ${what}`, async () => {
      const { call, configurations } = await start();
      const reply = await call('PUT', configurations, { config: { ingress } });
      assert.equal(reply.status, 200, JSON.stringify(reply.errors));
    });
  }

  const bad: Record<string, unknown> = {
    'no body': undefined,
    'no config': {},
    'no rules': { config: {} },
    'an empty list of rules': { config: { ingress: [] } },
    'no catch-all': { config: { ingress: [ruleFor('a.localhost')] } },
    'a catch-all with a path': { config: { ingress: [{ ...catchAll, path: '/x' }] } },
    'a catch-all before the last': { config: { ingress: [catchAll, ruleFor('a.localhost'), catchAll] } },
    'a hostname with a port': { config: { ingress: [ruleFor('a.localhost:80'), catchAll] } },
    'a hostname with a scheme': { config: { ingress: [ruleFor('https://a.localhost'), catchAll] } },
    'a wildcard inside': { config: { ingress: [ruleFor('a.*.localhost'), catchAll] } },
    'a wildcard in the last label': { config: { ingress: [ruleFor('a.*'), catchAll] } },
    'two wildcards': { config: { ingress: [ruleFor('*.*.localhost'), catchAll] } },
    'a service without a scheme': { config: { ingress: [ruleFor('a.localhost', 'localhost:3000'), catchAll] } },
    'a service with a path': { config: { ingress: [ruleFor('a.localhost', 'http://localhost:3000/app'), catchAll] } },
    'a service that ends in a slash': {
      config: { ingress: [ruleFor('a.localhost', 'http://localhost:3000/'), catchAll] },
    },
    'a service without a host': { config: { ingress: [ruleFor('a.localhost', 'http://'), catchAll] } },
    'a rule without a service': { config: { ingress: [{ hostname: 'a.localhost' }, catchAll] } },
    'a port that is no number': { config: { ingress: [ruleFor('a.localhost', 'http://localhost:x'), catchAll] } },
    'a path with lookaround': { config: { ingress: [{ ...ruleFor('a.localhost'), path: '^(?!/api)' }, catchAll] } },
    'no status': { config: { ingress: [{ service: 'http_status:ok' }] } },
    'a path that is no regular expression': {
      config: { ingress: [{ ...ruleFor('a.localhost'), path: '(' }, catchAll] },
    },
  };
  for (const [what, body] of Object.entries(bad)) {
    it(`refuses ${what}, and changes nothing`, async () => {
      const { standIn, call, configurations } = await start();
      const reply = await call('PUT', configurations, body);
      assertRefused(reply, 400, 1056);
      assert.match(reply.errors[0]?.message ?? '', /^Bad Configuration: /);
      assert.equal(standIn.world.tunnel.version, 0);
    });
  }

  it('refuses a body that is no JSON', async () => {
    const { call, configurations } = await start();
    assertRefused(await call('PUT', configurations, '{"config":'), 400, 9207);
  });

  it('shows that a tunnel is managed locally', async () => {
    const { standIn, call, configurations } = await start({ tunnel: { source: 'local' } });
    const tunnel = configurations.replace('/configurations', '');
    assert.equal((await call<Configuration>('GET', configurations)).result.source, 'local');
    const { result } = await call<{ config_src: string; remote_config: boolean; id: string }>('GET', tunnel);
    assert.deepEqual([result.config_src, result.remote_config, result.id], ['local', false, standIn.tunnelId]);
  });

  it('creates tunnels without a connector, lists them by name, and gives their token', async () => {
    const { standIn, call } = await start();
    const tunnels = `/accounts/${standIn.accountId}/cfd_tunnel`;
    const made = await call<{ id: string; config_src: string; token: string; status: string }>('POST', tunnels, {
      name: 'room 2',
      config_src: 'cloudflare',
    });
    assert.deepEqual([made.status, made.result.config_src, made.result.status], [200, 'cloudflare', 'inactive']);
    assertRefused(await call('POST', tunnels, { name: 'room 2' }), 409, 1013);
    assertRefused(await call('POST', tunnels, {}), 400, 1004);
    const listed = await call<{ id: string }[]>('GET', `${tunnels}?name=room%202&is_deleted=false`);
    assert.deepEqual(
      listed.result.map(({ id }) => id),
      [made.result.id],
    );
    const token = (await call<string>('GET', `${tunnels}/${made.result.id}/token`)).result;
    assert.deepEqual(
      [token, (JSON.parse(Buffer.from(token, 'base64').toString()) as { t: string }).t],
      [made.result.token, made.result.id],
    );
  });

  it('lets an outside writer save in the dashboard', async () => {
    const { standIn, call, configurations } = await start();
    standIn.world.saveInDashboard((config) => ({ ...config, ingress: [ruleFor('wiki.localhost'), ...config.ingress] }));
    const { result } = await call<Configuration>('GET', configurations);
    assert.deepEqual(
      [result.version, result.config?.ingress.map(({ hostname }) => hostname)],
      [1, ['wiki.localhost', undefined]],
    );
  });
});
