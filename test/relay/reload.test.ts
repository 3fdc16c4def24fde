import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import type { Target } from '../../src/relay/forward.ts';
import { reloadPorts, reloadRewrite, reloadTarget, rewriteStream } from '../../src/relay/reload.ts';
import { fetchFrom, SITE, startHarness } from './helpers.ts';

const place = (port: number): Target => ({ port, address: '127.0.0.1' });
const site: Target = { ...place(3000), beside: [place(35_729), place(24_678)] };

/** The text of a page or script as visitors get it. */
const seen = (target: Target, url: string, text: string): string => reloadRewrite(SITE, target, url)?.(text) ?? text;

describe('relay/reload', () => {
  it('knows the second ports of livereload and of Vite in middleware mode', () => {
    const listeners = [3000, 5000, 24_678, 35_729].map((port) => ({ port, address: '127.0.0.1', uid: 1, inode: port }));
    assert.deepEqual(
      reloadPorts(listeners).map(({ port }) => port),
      [24_678, 35_729],
    );
  });

  it('leads to a second port what belongs to it, and nothing else', () => {
    const upgrade = { upgrade: 'websocket' };
    const vite = { ...upgrade, 'sec-websocket-protocol': 'vite-hmr' };
    assert.equal(reloadTarget(site, '/livereload.js?snipver=1', {})?.port, 35_729);
    assert.equal(reloadTarget(site, '/livereload', upgrade)?.port, 35_729);
    assert.equal(reloadTarget(site, '/?token=x', vite)?.port, 24_678);
    assert.equal(reloadTarget(site, '/socket', upgrade), undefined);
    assert.equal(reloadTarget(site, '/livereload', {}), undefined);
    assert.equal(reloadTarget(place(3000), '/?token=x', vite), undefined);
  });

  // As connect-livereload, rollup-plugin-livereload, livereload-js, Vite 8, browser-sync 3 and Hugo write them.
  const texts: [string, Target, string, string, string][] = [
    ['a page', site, '/', '<script src="//localhost:35729/livereload.js?x">', '<script src="/livereload.js?x">'],
    ['a bundle', site, '/bundle.js', "[0] + ':35729/livereload.js?x'", "[0] + '/livereload.js?x'"],
    ["livereload's script", place(35_729), '/livereload.js', 'var port = 35729;', 'var port = 443;'],
    ["Vite's client", site, '/@vite/client', 'const hmrPort = 24678;', 'const hmrPort = null;'],
    [
      "browser-sync's client",
      place(3000),
      '/browser-sync/browser-sync-client.js?v=3.0.4',
      "socketUrl = 'http://' + location.hostname + ':3000/browser-sync'",
      "socketUrl = location.origin + '/browser-sync'",
    ],
    [
      "Hugo's pages",
      { ...place(1313), server: 'Hugo' },
      '/',
      '<link href="http://localhost:1313/a.css"><script src="/livereload.js?port=1313&amp;path=livereload">',
      '<link href="https://student1.example.com/a.css"><script src="/livereload.js?port=443&amp;path=livereload">',
    ],
    [
      'a page of another port',
      site,
      '/',
      'http://localhost:35700/livereload.js',
      'http://localhost:35700/livereload.js',
    ],
  ];
  for (const [what, target, url, from, to] of texts)
    it(`replaces the second port in ${what}`, () => assert.equal(seen(target, url, from), to));

  it('rewrites an address that two chunks share', async () => {
    const stream = rewriteStream((text) => text.replaceAll('12345', '6'));
    stream.write('a'.repeat(200) + '12');
    stream.end('345b');
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    assert.equal(String(Buffer.concat(chunks)), `${'a'.repeat(200)}6b`);
  });

  it('serves the script and the WebSocket of a second port through the link', async () => {
    const answer: RequestListener = (_request, response) =>
      response.setHeader('content-type', 'application/javascript').end('var port = 35729;');
    const second = await listenNear(35_729, createServer(answer));
    new WebSocketServer({ server: second.server }).on('connection', (socket) => socket.send('reload'));
    const page = `<p><script src="//localhost:${second.port}/livereload.js"></script>`;
    const harness = await startHarness((_request, response) =>
      response.setHeader('content-type', 'text/html').end(page),
    );
    harness.relay.setTarget({ ...place(harness.serverPort), beside: [place(second.port)] });
    try {
      assert.equal((await fetchFrom(harness.relayPort)).body, '<p><script src="/livereload.js"></script>');
      assert.equal((await fetchFrom(harness.relayPort, { path: '/livereload.js' })).body, 'var port = 443;');
      const socket = new WebSocket(`ws://127.0.0.1:${harness.relayPort}/livereload`, { headers: { host: SITE.host } });
      assert.equal(String(((await once(socket, 'message')) as [Buffer])[0]), 'reload');
      socket.terminate();
    } finally {
      harness.close();
      second.server.close();
      second.server.closeAllConnections();
    }
  });
});

/** Listens on the first free port from this one on, as livereload tools do. */
async function listenNear(port: number, server: Server): Promise<{ server: Server; port: number }> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return { server, port };
  } catch {
    return listenNear(port + 1, server);
  }
}
