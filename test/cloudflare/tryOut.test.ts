import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createMetricsServer } from '../../standin/connector/metrics.ts';
import { close, listen } from '../../standin/listen.ts';
import { startStandIn, type StandIn } from '../../standin/standIn.ts';
import { commandFile } from '../fixtures/provisioning/bundles.ts';
import { buildRelay } from '../relay/helpers.ts';
import { tryOut } from './tryOut.ts';

describe('npm run test:cloudflare, at the stand-in', function () {
  this.timeout(120_000);
  let standIn: StandIn;
  let folder: string;
  before(() => {
    folder = mkdtempSync(`${tmpdir()}/try-out-`);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    standIn = await startStandIn({ pushDelayMs: () => 100 });
  });
  afterEach(() => standIn.close());

  for (const protocol of ['quic', 'http2'] as const) {
    it(`publishes, visits, takes down and removes its tunnel over ${protocol}`, async () => {
      const lines: string[] = [];
      const { accountId, zoneId, token, apiUrl, edgePort, world } = standIn;
      await tryOut({
        apiBaseUrl: apiUrl,
        token,
        accountId,
        zoneId,
        zoneName: 'localhost',
        publicUrl: `http://{hostname}:${edgePort}`,
        command: commandFile(),
        relay: await buildRelay(folder),
        startConnector: async (tunnelId) => {
          const tunnel = world.tunnels.get(tunnelId);
          assert.ok(tunnel);
          tunnel.connected = true;
          tunnel.connector.protocol = protocol;
          const metrics = createMetricsServer(tunnel);
          return { url: `http://127.0.0.1:${await listen(metrics)}`, stop: () => close(metrics) };
        },
        print: (line) => lines.push(line),
      });
      const text = lines.join('\n');
      assert.match(text, /rights: tunnel true, records true/);
      assert.match(text, /connector: version 1 after the first PUT/);
      assert.match(text, /WebSocket straight to the port: carried/);
      if (protocol === 'quic') assert.match(text, /relay's socket: carried/);
      else assert.match(text, /relay's socket: .*502[^]*relay's port: carried/);
      assert.match(text, /removed: .*404 after[^]*remove the tunnel: 200/);
      assert.deepEqual([world.tunnels.size, world.zone.records.size], [1, 0]);
    });
  }
});
