import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { decide, isCacheable } from '../../standin/edge/cachePolicy.ts';
import { startStandIn } from '../../standin/standIn.ts';
import type { StandIn } from '../../standin/standIn.ts';

const day = Date.parse('2026-01-01T00:00:00Z');

describe("stand-in: the decisions of the edge's cache", () => {
  it('goes by the extension of the path, in GET and HEAD requests', () => {
    const cached = ['/app.js', '/a/STYLE.CSS?v=1', '/font.woff2', '/logo.svg'];
    const dynamic = ['/', '/page.html', '/data.json', '/app.mjs', '/app.ts', '/js', '/app.js/x', '/?file=app.js'];
    assert.deepEqual(
      [...cached, ...dynamic].filter((path) => isCacheable('GET', path)),
      cached,
    );
    assert.equal(isCacheable('POST', '/app.js'), false);
  });

  const seconds = (answer: IncomingHttpHeaders, status = 200, asked: IncomingHttpHeaders = {}) =>
    decide(asked, status, answer, day).ttlSeconds;
  const cases: [what: string, actual: number, expected: number][] = [
    ['nothing said', seconds({}), 7200],
    ['nothing said of a missing file', seconds({}, 404), 180],
    ['nothing said of an error', seconds({}, 500), 0],
    ['no-store', seconds({ 'cache-control': 'no-store' }), 0],
    ['no-cache', seconds({ 'cache-control': 'no-cache' }), 0],
    ['private', seconds({ 'cache-control': 'max-age=60, private' }), 0],
    ['max-age', seconds({ 'cache-control': 'public, max-age=60' }), 60],
    ['max-age of 0', seconds({ 'cache-control': 'max-age=0' }), 0],
    ['s-maxage before max-age', seconds({ 'cache-control': 'max-age=60, s-maxage="90"' }), 90],
    ['Expires', seconds({ expires: new Date(day + 30_000).toUTCString() }), 30],
    ['Expires in the past', seconds({ expires: '0' }), 0],
    [
      'CDN-Cache-Control before Cache-Control',
      seconds({ 'cache-control': 'max-age=60', 'cdn-cache-control': 'no-store' }),
      0,
    ],
    [
      'Cloudflare-CDN-Cache-Control before both',
      seconds({ 'cloudflare-cdn-cache-control': 'max-age=5', 'cdn-cache-control': 'no-store' }),
      5,
    ],
    ['a cookie', seconds({ 'set-cookie': ['a=b'], 'cache-control': 'max-age=60' }), 0],
    ['a request with a password', seconds({}, 200, { authorization: 'Basic x' }), 0],
    [
      'a request with a password, made public',
      seconds({ 'cache-control': 'public, max-age=9' }, 200, { authorization: 'Basic x' }),
      9,
    ],
  ];
  for (const [what, actual, expected] of cases)
    it(`${what}: ${expected} seconds`, () => assert.equal(actual, expected));
});

describe("stand-in: the edge's cache", () => {
  let standIn: StandIn;
  let server: Server;
  let now = day;
  let build = 1;
  let answer = 200;
  let headers: OutgoingHttpHeaders = {};

  beforeEach(async () => {
    [now, build, answer, headers] = [day, 1, 200, {}];
    standIn = await startStandIn({ clock: { now: () => now }, pushDelayMs: () => 0 });
    server = createServer((_request, response) => response.writeHead(answer, headers).end(`build ${build}`)).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    standIn.addRecord({ type: 'CNAME', name: '*', content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
    standIn.world.save(standIn.world.tunnel, {
      ingress: [{ service: `http://localhost:${(server.address() as AddressInfo).port}` }],
    });
  });
  afterEach(async () => {
    await standIn.close();
    server.close().closeAllConnections();
  });

  async function get(
    path: string,
    more: OutgoingHttpHeaders = {},
    method = 'GET',
  ): Promise<[string, string, IncomingHttpHeaders]> {
    const sent = request(standIn.edgeUrl + path, {
      method,
      agent: false,
      headers: { host: 'student1.localhost', ...more },
    }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return [String(response.headers['cf-cache-status']), await text(response), response.headers];
  }

  it('shows a stale build of a script that says nothing about caching, for two hours', async () => {
    const [first, , seen] = await get('/app.js');
    assert.deepEqual([first, seen['cache-control']], ['MISS', 'max-age=14400']);
    build = 2;
    now += 7_199_000;
    const [status, body, later] = await get('/app.js', { 'cache-control': 'no-cache' });
    assert.deepEqual([status, body, later.age], ['HIT', 'build 1', '7199']);
    now += 1000;
    assert.deepEqual((await get('/app.js')).slice(0, 2), ['EXPIRED', 'build 2']);
    assert.deepEqual((await get('/app.js')).slice(0, 2), ['HIT', 'build 2']);
  });

  it('keeps sites, queries and encodings apart, and answers HEAD', async () => {
    await get('/app.js');
    assert.equal((await get('/app.js', { host: 'student2.localhost' }))[0], 'MISS');
    assert.equal((await get('/app.js?v=2'))[0], 'MISS');
    assert.equal((await get('/app.js', { 'accept-encoding': 'gzip' }))[0], 'MISS');
    const [status, body, seen] = await get('/app.js', {}, 'HEAD');
    assert.deepEqual([status, body, seen['content-length']], ['HIT', '', '7']);
  });

  it('keeps neither pages nor answers that say no-store', async () => {
    assert.equal((await get('/'))[0], 'DYNAMIC');
    headers = { 'cache-control': 'no-store', 'cloudflare-cdn-cache-control': 'no-store' };
    for (build = 1; build <= 2; build += 1) {
      const [status, body, seen] = await get('/app.js');
      assert.deepEqual(
        [status, body, seen['cache-control'], seen['cloudflare-cdn-cache-control']],
        ['BYPASS', `build ${build}`, 'no-store', undefined],
      );
    }
  });

  it('keeps the 404 of a script for three minutes, so the file stays missing after it was made', async () => {
    answer = 404;
    await get('/app.js');
    answer = 200;
    now += 179_000;
    assert.equal((await get('/app.js'))[0], 'HIT');
    now += 1_000;
    assert.deepEqual((await get('/app.js')).slice(0, 2), ['EXPIRED', 'build 1']);
  });

  it('keeps no 5xx', async () => {
    for (answer of [500, 502, 503]) assert.equal((await get('/app.js'))[0], 'BYPASS');
    answer = 200;
    assert.deepEqual((await get('/app.js')).slice(0, 2), ['MISS', 'build 1']);
  });

  it('forgets everything when it is purged', async () => {
    await get('/app.js');
    standIn.purgeCache();
    assert.equal((await get('/app.js'))[0], 'MISS');
  });

  it('keeps no answer that the server aborted', async () => {
    headers = { 'content-length': 100, connection: 'close' };
    await assert.rejects(get('/app.js'));
    headers = {};
    assert.equal((await get('/app.js'))[0], 'MISS');
  });
});
