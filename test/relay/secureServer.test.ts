import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { askForNames } from '../../src/relay/names.ts';
import { sniffPort } from '../../src/relay/sniffPort.ts';
import { echo, fetchFrom, listenOnFreePort, SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

/** Without a key, so that the repository holds none. */
function makeCertificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const made = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return made;
}

describe('relay: a server that speaks HTTPS', () => {
  let server: Server;
  let port: number;
  let harness: RelayHarness;
  beforeEach(async () => {
    server = createServer(makeCertificate(), echo);
    port = await listenOnFreePort(server);
    harness = await startHarness(echo, { ask: askForNames });
    harness.relay.setTarget({ port, address: '127.0.0.1' });
  });
  afterEach(() => {
    harness.close();
    server.close();
    server.closeAllConnections();
  });

  it('is reached by HTTPS from its first request on', async () => {
    assert.equal((await fetchFrom(harness.relayPort)).status, 200);
    assert.equal((await fetchFrom(harness.relayPort, { method: 'POST', body: 'x' })).status, 200);
  });

  it('gets local names with its own scheme where it is known to take no others', async () => {
    harness.relay.setTarget({ port, address: '127.0.0.1', server: 'Vite' });
    const headers = { origin: SITE.origin };
    const { body } = await fetchFrom(harness.relayPort, { headers });
    const seen = (JSON.parse(body) as { headers: Record<string, string> }).headers;
    assert.equal(seen['origin'], `https://localhost:${port}`);
  });

  it('opens WebSockets', async () => {
    new WebSocketServer({ server }).on('connection', (socket) => socket.send('hello'));
    await fetchFrom(harness.relayPort);
    const socket = new WebSocket(`ws://127.0.0.1:${harness.relayPort}/`, { headers: { host: SITE.host } });
    const [data] = (await once(socket, 'message')) as [Buffer];
    assert.equal(String(data), 'hello');
    socket.terminate();
  });

  it('counts as a server when several sockets are compared', async () => {
    assert.equal(await sniffPort({ port, address: '127.0.0.1' }), 'http');
  });

  it('is asked for TLS once, if it only hangs up', async () => {
    let connections = 0;
    const silent = createTcpServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    const silentPort = await listenOnFreePort(silent);
    harness.relay.setTarget({ port: silentPort, address: '127.0.0.1', server: 'Vite' });
    for (let visits = 0; visits < 3; visits += 1) assert.equal((await fetchFrom(harness.relayPort)).status, 503);
    assert.equal(connections, 4);
    silent.close();
  });
});
