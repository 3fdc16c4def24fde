import assert from 'node:assert/strict';
import { headersForServer, headersForVisitor } from '../../src/relay/headers.ts';
import { SITE } from './helpers.ts';

const toServer = (headers: Parameters<typeof headersForServer>[0]) =>
  headersForServer({ host: SITE.host, ...headers }, SITE, { port: 5173 }, 'local');
const toVisitor = (headers: Parameters<typeof headersForVisitor>[0]) => headersForVisitor(headers, SITE, 5173);

describe('relay/headers: to the server', () => {
  it('names the local machine in Host, Origin and Referer', () => {
    const headers = toServer({ origin: 'https://student1.example.com', referer: 'https://student1.example.com/a?b' });
    assert.equal(headers.host, 'localhost:5173');
    assert.equal(headers.origin, 'http://localhost:5173');
    assert.equal(headers.referer, 'http://localhost:5173/a?b');
  });

  it("leaves another site's Origin and Referer as they are", () => {
    for (const origin of [
      'https://evil.example',
      'https://student1.example.com.evil.example',
      'http://student1.example.com',
      'null',
    ]) {
      const headers = toServer({ origin, referer: `${origin}/x` });
      assert.equal(headers.origin, origin);
      assert.equal(headers.referer, `${origin}/x`);
    }
  });

  it('gives the public address, except beside a changed Origin', () => {
    const plain = toServer({});
    assert.equal(plain['x-forwarded-host'], 'student1.example.com');
    assert.equal(plain['x-forwarded-proto'], 'https');
    const form = toServer({
      origin: SITE.origin,
      'x-forwarded-host': 'student1.example.com',
      'x-forwarded-proto': 'https',
    });
    assert.equal(form['x-forwarded-host'], undefined);
    assert.equal(form['x-forwarded-proto'], undefined);
  });

  it('drops headers about one connection, but keeps an upgrade', () => {
    assert.equal(toServer({ connection: 'close' }).connection, undefined);
    assert.equal(toServer({ connection: 'Upgrade', upgrade: 'websocket' }).connection, 'Upgrade');
  });
});

describe('relay/headers: to a server that takes the public names', () => {
  const asked = { origin: SITE.origin, referer: `${SITE.origin}/a?b`, host: SITE.host };

  it('changes none of them', () => {
    const { host, origin, referer, ...rest } = headersForServer(asked, SITE, { port: 5173 }, 'public');
    assert.deepEqual({ host, origin, referer }, asked);
    assert.deepEqual(rest, { 'x-forwarded-proto': 'https', 'x-forwarded-host': SITE.host });
  });

  it('gives Django an Origin by the scheme of its own socket', () => {
    const headers = headersForServer(asked, SITE, { port: 8000, server: 'Django' }, 'public');
    assert.deepEqual(headers, { host: SITE.host, origin: `http://${SITE.host}`, referer: `http://${SITE.host}/a?b` });
  });
});

describe('relay/headers: to the visitor', () => {
  it("turns the local server's URLs in Location into the site's", () => {
    assert.equal(
      toVisitor({ location: 'http://localhost:5173/login?x' }).location,
      'https://student1.example.com/login?x',
    );
    assert.equal(toVisitor({ location: 'https://127.0.0.1:5173' }).location, 'https://student1.example.com');
    assert.equal(toVisitor({ location: '//[::1]:5173/x' }).location, 'https://student1.example.com/x');
  });

  it('leaves other URLs in Location unchanged', () => {
    for (const location of [
      '/login',
      'http://localhost:51730/',
      'http://localhost:5174/',
      'https://example.com/?to=http://localhost:5173/',
      'http://localhost.evil:5173/',
    ]) {
      assert.equal(toVisitor({ location }).location, location);
    }
  });

  it('turns them also where the port is missing, or the server listens on every address', () => {
    for (const url of ['http://localhost/x', 'http://0.0.0.0:5173/x', 'http://[::]:5173/x'])
      assert.equal(toVisitor({ location: url }).location, `${SITE.origin}/x`);
  });

  it('turns the insecure address of the site into the secure one', () => {
    assert.equal(toVisitor({ location: `http://${SITE.host}/x` }).location, `${SITE.origin}/x`);
    const other = `http://${SITE.host}.evil.example/x`;
    assert.equal(toVisitor({ location: other }).location, other);
  });

  const local = 'http://localhost:5173';
  for (const [name, given, wanted] of [
    ['x-action-redirect', `${local}/done;push`, `${SITE.origin}/done;push`],
    ['hx-redirect', `${local}/x`, `${SITE.origin}/x`],
    ['x-inertia-location', `${local}/x`, `${SITE.origin}/x`],
    ['content-location', `${local}/x`, `${SITE.origin}/x`],
    ['sourcemap', `${local}/x.map`, `${SITE.origin}/x.map`],
    ['refresh', `3; url=${local}/x`, `3; url=${SITE.origin}/x`],
    [
      'link',
      `<${local}/a.css>; rel=preload, <//localhost:5173/b>`,
      `<${SITE.origin}/a.css>; rel=preload, <${SITE.origin}/b>`,
    ],
    [
      'content-security-policy',
      `connect-src 'self' ws://localhost:5173 http://localhost:51730; img-src ${local};`,
      `connect-src 'self' wss://${SITE.host} http://localhost:51730; img-src ${SITE.origin};`,
    ],
  ] as const)
    it(`turns them in ${name}`, () => assert.equal(toVisitor({ [name]: given })[name], wanted));

  it('tells browsers to use HTTPS for a page with insecure links, beside a policy of its own', () => {
    const policyOf = (headers: Parameters<typeof headersForVisitor>[0]) =>
      headersForVisitor(headers, SITE, 5173, true)['content-security-policy'];
    assert.equal(policyOf({ 'content-type': 'text/html' }), 'upgrade-insecure-requests');
    assert.equal(
      policyOf({ 'content-type': 'text/html', 'content-security-policy': "default-src 'self'" }),
      "default-src 'self', upgrade-insecure-requests",
    );
    assert.equal(policyOf({ 'content-type': 'text/css' }), undefined);
  });

  it("turns an allowed local origin into the site's and leaves others", () => {
    assert.equal(
      toVisitor({ 'access-control-allow-origin': 'http://localhost:5173' })['access-control-allow-origin'],
      SITE.origin,
    );
    assert.equal(toVisitor({ 'access-control-allow-origin': '*' })['access-control-allow-origin'], '*');
  });

  it('removes the local domain from cookies and no other', () => {
    const cookies = [
      'a=1; Domain=localhost; Path=/',
      'b=2; domain=.localhost',
      'c=3; Domain=example.com',
      'd=domain=localhost',
    ];
    assert.deepEqual(toVisitor({ 'set-cookie': cookies })['set-cookie'], [
      'a=1; Path=/',
      'b=2',
      'c=3; Domain=example.com',
      'd=domain=localhost',
    ]);
  });

  it('forbids the edge to store anything, and lets browsers cache as the server says', () => {
    const headers = toVisitor({ 'content-type': 'text/javascript', 'cache-control': 'max-age=31536000, immutable' });
    assert.equal(headers['cloudflare-cdn-cache-control'], 'no-store');
    assert.equal(headers['cache-control'], 'max-age=31536000, immutable');
    assert.equal(toVisitor({ 'content-type': 'image/png' })['cache-control'], undefined);
  });

  it('makes browsers revalidate scripts and styles that have no caching rule', () => {
    for (const type of ['text/javascript', 'application/javascript; charset=utf-8', 'text/css', 'application/wasm']) {
      assert.equal(toVisitor({ 'content-type': type })['cache-control'], 'no-cache');
    }
  });

  it('forbids the edge to rewrite HTML, whatever the server says of caching', () => {
    const caching = (type: string | undefined, given?: string) =>
      toVisitor({
        ...(type !== undefined && { 'content-type': type }),
        ...(given !== undefined && { 'cache-control': given }),
      })['cache-control'];
    for (const type of ['text/html', 'text/html; charset=utf-8', 'TEXT/HTML', 'application/xhtml+xml']) {
      assert.equal(caching(type), 'no-transform');
      assert.equal(caching(type, ''), 'no-transform');
      assert.equal(caching(type, 'max-age=60'), 'max-age=60, no-transform');
      assert.equal(caching(type, 'private, No-Transform'), 'private, No-Transform');
    }
    assert.equal(caching('text/htmlx', 'max-age=60'), 'max-age=60');
    assert.equal(caching('application/json'), undefined);
    assert.equal(caching(undefined, 'max-age=60'), 'max-age=60');
  });
});
