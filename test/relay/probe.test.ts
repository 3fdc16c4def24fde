import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { probe } from '../../src/relay/probe.ts';
import type { ProbeResult } from '../../src/relay/probeResult.ts';
import { SITE, startBench } from './helpers.ts';
import type { Bench } from './helpers.ts';

const CLIENT = 'const base = "/" || "/"; const wsToken = "secret";';

/** What Vite does in short: the page, its client with a token, and a WebSocket for local names and that token. */
const vite: RequestListener = (request, response) => {
  if (!request.headers.host?.startsWith('localhost'))
    response.writeHead(403).end('Blocked request. This host is not allowed.');
  else response.end(request.url === '/@vite/client' ? CLIENT : '<script type="module" src="/@vite/client"></script>');
};

describe('relay/probe', () => {
  let bench: Bench;
  let sockets: WebSocketServer | undefined;
  afterEach(() => {
    for (const client of sockets?.clients ?? []) client.terminate();
    sockets = undefined;
    bench.close();
  });

  const throughRelay = (): Promise<ProbeResult> =>
    probe({ door: { host: '127.0.0.1', port: bench.relayPort }, site: SITE, signal: AbortSignal.timeout(5000) });
  const straight = (): Promise<ProbeResult> =>
    probe({ door: { host: '127.0.0.1', port: bench.serverPort }, site: SITE, signal: AbortSignal.timeout(5000) });

  it('finds a server that serves localhost only live through the relay, and refusing without', async () => {
    bench = await startBench(vite);
    sockets = new WebSocketServer({
      server: bench.server,
      verifyClient: ({ req, origin }: { req: IncomingMessage; origin: string }) =>
        req.url === '/?token=secret' && origin.startsWith('http://localhost'),
    });
    sockets.on('connection', (socket) => socket.send('{"type":"connected"}'));
    assert.deepEqual(await throughRelay(), { kind: 'live' });
    const verdict = await straight();
    assert.equal(verdict.kind === 'refuses' && verdict.server, 'Vite');
  });

  it('finds a page whose WebSocket is refused by Next.js, which says so without HTTP', async () => {
    bench = await startBench((_request, response) => {
      response.end('/_next/static/');
    });
    bench.server.on('upgrade', (_request, socket) => socket.end('Unauthorized'));
    const verdict = await straight();
    assert.match(verdict.kind === 'refuses' ? verdict.why : '', /\(Unauthorized\)$/);
  });

  it('finds a page whose WebSocket is refused, in words or in frames', async () => {
    bench = await startBench((_request, response) => {
      response.end('/_next/static/');
    });
    bench.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 12\r\n\r\nUnauthorized'),
    );
    assert.equal((await throughRelay()).kind, 'refuses');
    bench.server.removeAllListeners('upgrade');
    sockets = new WebSocketServer({ server: bench.server });
    sockets.on('connection', (socket) => {
      socket.send('{"type":"error","data":"Invalid Host/Origin header"}');
      socket.close();
    });
    assert.equal((await throughRelay()).kind, 'refuses');
  });

  it('takes a WebSocket that keeps silent for an open one', async () => {
    bench = await startBench((_request, response) => {
      response.end('/_next/static/');
    });
    sockets = new WebSocketServer({ server: bench.server });
    assert.deepEqual(await throughRelay(), { kind: 'live' });
  });

  it('takes a page whose WebSocket is nowhere for a page without one', async () => {
    bench = await startBench((_request, response) => {
      response.end('/_next/static/');
    }); // as when a build of it is served
    assert.deepEqual(await straight(), { kind: 'live' });
    bench.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    assert.deepEqual(await straight(), { kind: 'live' });
  });

  it('judges by its beginning what never ends, and survives what makes no sense', async () => {
    bench = await startBench((_request, response) => {
      response.write('<h1>Clock</h1>');
    });
    assert.deepEqual(await straight(), { kind: 'live' });
    bench.server.removeAllListeners('request');
    bench.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === '/') response.end('<script src="http://[no/@vite/client">');
      else response.end('base = "/a b\u00fc/"');
    });
    assert.deepEqual(await straight(), { kind: 'live' });
    bench.server.removeAllListeners('request');
    bench.server.on('request', (request: IncomingMessage) =>
      request.socket.end('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    );
    assert.equal((await straight()).kind, 'silent');
    bench.server.removeAllListeners('request');
    bench.server.on('request', (request: IncomingMessage) => request.socket.end('no HTTP'));
    assert.equal((await straight()).kind, 'silent');
    assert.equal((await throughRelay()).kind, 'stopped');
  });

  it('knows stopped from silent', async () => {
    bench = await startBench(() => undefined);
    const verdict = await probe({
      door: { host: '127.0.0.1', port: bench.relayPort },
      site: SITE,
      signal: AbortSignal.timeout(300),
    });
    assert.equal(verdict.kind, 'silent');
    bench.relay.setTarget(null);
    assert.deepEqual(await throughRelay(), { kind: 'stopped' });
  });
});
