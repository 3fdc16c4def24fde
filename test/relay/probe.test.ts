import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { inEnglish } from '../../src/messages/texts.ts';
import { probe } from '../../src/relay/probe.ts';
import type { ProbeResult } from '../../src/relay/probeResult.ts';
import { SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

const viteClient = 'const base = "/" || "/"; const wsToken = "secret";';

/** A short Vite: a page, its client with a token, and a WebSocket that needs a local name and that token. */
const vite: RequestListener = (request, response) => {
  if (!request.headers.host?.startsWith('localhost'))
    response.writeHead(403).end('Blocked request. This host is not allowed.');
  else
    response.end(request.url === '/@vite/client' ? viteClient : '<script type="module" src="/@vite/client"></script>');
};

describe('relay/probe', () => {
  let harness: RelayHarness;
  let sockets: WebSocketServer | undefined;
  afterEach(() => {
    for (const client of sockets?.clients ?? []) client.terminate();
    sockets = undefined;
    harness.close();
  });

  const viaRelay = (): Promise<ProbeResult> =>
    probe({ address: { host: '127.0.0.1', port: harness.relayPort }, site: SITE, signal: AbortSignal.timeout(5000) });
  const direct = (): Promise<ProbeResult> =>
    probe({ address: { host: '127.0.0.1', port: harness.serverPort }, site: SITE, signal: AbortSignal.timeout(5000) });

  it('reports a server for localhost only as live through the relay, and as refusing without', async () => {
    harness = await startHarness(vite);
    sockets = new WebSocketServer({
      server: harness.server,
      verifyClient: ({ req, origin }: { req: IncomingMessage; origin: string }) =>
        req.url === '/?token=secret' && origin.startsWith('http://localhost'),
    });
    sockets.on('connection', (socket) => socket.send('{"type":"connected"}'));
    assert.deepEqual(await viaRelay(), { kind: 'live' });
    const result = await direct();
    assert.equal(result.kind === 'refuses' && result.server, 'Vite');
  });

  it('reports a WebSocket that Next.js refuses without HTTP', async () => {
    harness = await startHarness((_request, response) => {
      response.end('/_next/static/');
    });
    harness.server.on('upgrade', (_request, socket) => socket.end('Unauthorized'));
    const result = await direct();
    assert.match(result.kind === 'refuses' ? inEnglish(result.why) : '', /\(Unauthorized\)$/);
  });

  it('reports a WebSocket that is refused in a response or in a frame', async () => {
    harness = await startHarness((_request, response) => {
      response.end('/_next/static/');
    });
    harness.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 12\r\n\r\nUnauthorized'),
    );
    assert.equal((await viaRelay()).kind, 'refuses');
    harness.server.removeAllListeners('upgrade');
    sockets = new WebSocketServer({ server: harness.server });
    sockets.on('connection', (socket) => {
      socket.send('{"type":"error","data":"Invalid Host/Origin header"}');
      socket.close();
    });
    assert.equal((await viaRelay()).kind, 'refuses');
  });

  it('accepts a WebSocket that stays silent', async () => {
    harness = await startHarness((_request, response) => {
      response.end('/_next/static/');
    });
    sockets = new WebSocketServer({ server: harness.server });
    assert.deepEqual(await viaRelay(), { kind: 'live' });
  });

  it('reports live when the WebSocket of a page does not exist', async () => {
    harness = await startHarness((_request, response) => {
      response.end('/_next/static/');
    }); // a production build
    assert.deepEqual(await direct(), { kind: 'live' });
    harness.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
    );
    assert.deepEqual(await direct(), { kind: 'live' });
  });

  it('reads the beginning of an endless page, and survives malformed replies', async () => {
    harness = await startHarness((_request, response) => {
      response.write('<h1>Clock</h1>');
    });
    assert.deepEqual(await direct(), { kind: 'live' });
    harness.server.removeAllListeners('request');
    harness.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === '/') response.end('<script src="http://[no/@vite/client">');
      else response.end('base = "/a b\u00fc/"');
    });
    assert.deepEqual(await direct(), { kind: 'live' });
    harness.server.removeAllListeners('request');
    harness.server.on('request', (request: IncomingMessage) =>
      request.socket.end('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    );
    assert.equal((await direct()).kind, 'silent');
    harness.server.removeAllListeners('request');
    harness.server.on('request', (request: IncomingMessage) => request.socket.end('no HTTP'));
    assert.equal((await direct()).kind, 'silent');
    assert.equal((await viaRelay()).kind, 'stopped');
  });

  it('tells stopped from silent', async () => {
    harness = await startHarness(() => undefined);
    const result = await probe({
      address: { host: '127.0.0.1', port: harness.relayPort },
      site: SITE,
      signal: AbortSignal.timeout(300),
    });
    assert.equal(result.kind, 'silent');
    harness.relay.setTarget(null);
    assert.deepEqual(await viaRelay(), { kind: 'stopped' });
  });
});
