import assert from 'node:assert/strict';
import { start, stopAll } from './client.ts';
import type { Client } from './client.ts';
import { createManualClock } from './manualClock.ts';

describe("stand-in: the connector's local server", () => {
  afterEach(stopAll);

  const ask = async ({ standIn }: Client, path: string) => {
    const response = await fetch(standIn.connectorUrl + path, { signal: AbortSignal.timeout(10_000) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const config = {
    ingress: [
      { hostname: 'student1.localhost', service: 'unix:/run/x.sock', originRequest: { connectTimeout: 10 } },
      { service: 'http_status:404' },
    ],
  };

  it('says the version in use, -1 before the first, and the configuration with its defaults', async () => {
    const clock = createManualClock();
    const client = await start({ clock, pushDelayMs: () => 1_000 });
    const { world } = client.standIn;
    assert.equal((await ask(client, '/config')).body.version, -1);
    world.save(world.tunnel, config);
    assert.equal((await ask(client, '/config')).body.version, -1);
    clock.advance(1_000);
    const { status, body } = await ask(client, '/config');
    assert.deepEqual([status, body.version], [200, 1]);
    const { ingress } = body.config as { ingress: { path: unknown; originRequest: Record<string, unknown> }[] };
    assert.deepEqual([ingress[0]?.path, ingress[0]?.originRequest.connectTimeout], [null, 10]);
    assert.equal(ingress[1]?.originRequest.connectTimeout, 30);
  });

  it('keeps the version of the last configuration that it could load', async () => {
    const clock = createManualClock();
    const client = await start({ config, clock });
    const { world } = client.standIn;
    world.saveInDashboard((saved) => ({ ...saved, originRequest: { noTLSVerify: 'yes' } }));
    clock.advance(1_000);
    assert.deepEqual(
      world.tunnel.connector.refused.map(({ version }) => version),
      [2],
    );
    assert.equal((await ask(client, '/config')).body.version, 1);
  });

  it('is ready with four connections, and answers 503 without any', async () => {
    const client = await start();
    const { tunnel } = client.standIn.world;
    const connectorId = tunnel.connector.id;
    const four = { status: 200, body: { status: 200, readyConnections: 4, connectorId } };
    assert.deepEqual(await ask(client, '/ready'), four);
    tunnel.connected = false;
    const none = { status: 503, body: { status: 503, readyConnections: 0, connectorId } };
    assert.deepEqual(await ask(client, '/ready'), none);
  });

  it('names its tunnel and the protocol of each connection, which is left out for http2', async () => {
    const client = await start();
    const { tunnel } = client.standIn.world;
    const { body } = await ask(client, '/diag/tunnel');
    assert.equal(body.tunnelID, tunnel.id);
    assert.deepEqual((body.connections as object[])[1], {
      isConnected: true,
      protocol: 1,
      edgeAddress: '198.51.100.2',
      index: 1,
    });
    tunnel.connector.protocol = 'http2';
    const [first] = (await ask(client, '/diag/tunnel')).body.connections as object[];
    assert.deepEqual(first, { isConnected: true, edgeAddress: '198.51.100.1' });
    tunnel.connected = false;
    assert.equal((await ask(client, '/diag/tunnel')).body.connections, undefined);
  });

  it('answers nothing while the process is down, and on the same address after a restart', async () => {
    const clock = createManualClock();
    const client = await start({ config, clock });
    await client.standIn.stopConnector();
    await assert.rejects(ask(client, '/ready'));
    await client.standIn.startConnector();
    clock.advance(1_000);
    assert.equal((await ask(client, '/config')).body.version, 1);
  });
});
