import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { sendAtOnce } from '../fixtures/eagerSockets.ts';
import { echo, SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

describe('relay: WebSockets', () => {
  let harness: RelayHarness;
  let sockets: WebSocketServer;
  beforeEach(async () => {
    harness = await startHarness(echo);
    sockets = new WebSocketServer({ server: harness.server, handleProtocols: (offered) => [...offered][0] ?? false });
    sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  });
  afterEach(() => {
    for (const client of sockets.clients) client.terminate();
    harness.close();
  });

  const open = (path = '/', protocols: string[] = []): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${harness.relayPort}${path}`, protocols, {
      headers: { host: SITE.host, origin: SITE.origin },
    });
  const statusOf = async (socket: WebSocket): Promise<number | undefined> => {
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    socket.on('error', () => undefined).terminate();
    return response.statusCode;
  };

  it('carries messages both ways, with local names and the subprotocol', async () => {
    const opened = once(sockets, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    const visitor = open('/hmr?token=1', ['vite-hmr']);
    await once(visitor, 'open');
    const [, request] = await opened;
    assert.equal(visitor.protocol, 'vite-hmr');
    assert.deepEqual(
      [request.url, request.headers.host, request.headers.origin],
      ['/hmr?token=1', `localhost:${harness.serverPort}`, `http://localhost:${harness.serverPort}`],
    );
    for (const message of [Buffer.from('text'), Buffer.alloc(300_000, 7)]) {
      visitor.send(message);
      const [back] = (await once(visitor, 'message')) as [Buffer];
      assert.deepEqual(back, message);
    }
    visitor.terminate();
  });

  it('carries a first message that comes with the answer', async () => {
    const eager = await startHarness(echo);
    sendAtOnce(eager.server, 'first');
    const visitor = new WebSocket(`ws://127.0.0.1:${eager.relayPort}`, { headers: { host: SITE.host } });
    try {
      const [message] = (await once(visitor, 'message')) as [Buffer];
      assert.equal(message.toString(), 'first');
    } finally {
      visitor.terminate();
      eager.close();
    }
  });

  it('closes one side when the other closes, with its code', async () => {
    const visitor = open();
    const [server] = (await once(sockets, 'connection')) as [WebSocket];
    await once(visitor, 'open');
    server.close(4001, 'bye');
    const [code] = (await once(visitor, 'close')) as [number];
    assert.equal(code, 4001);

    const second = open();
    const [serverSide] = (await once(sockets, 'connection')) as [WebSocket];
    await once(second, 'open');
    second.terminate();
    await once(serverSide, 'close');
  });

  it("passes on the server's refusal", async () => {
    harness.server.removeAllListeners('upgrade');
    harness.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
    );
    assert.equal(await statusOf(open()), 403);
  });

  it('responds with 503 when no server runs', async () => {
    harness.relay.setTarget(null);
    assert.equal(await statusOf(open()), 503);
    harness.server.close();
    harness.relay.setTarget({ port: harness.serverPort, address: '127.0.0.1' });
    assert.equal(await statusOf(open()), 503);
  });

  it('rejects one at a path that visitors may not have', async () => {
    assert.equal(await statusOf(open('/_next/mcp')), 403);
  });

  it('closes all of them when the relay closes', async () => {
    const visitors = [open(), open()];
    await Promise.all(visitors.map((visitor) => once(visitor, 'open')));
    const gone = Promise.all(visitors.map((visitor) => once(visitor, 'close')));
    harness.relay.close();
    await gone;
  });
});
