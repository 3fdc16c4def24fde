import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import fc from 'fast-check';
import { cookiePair, hasValidCookie, withoutCookie } from '../../src/relay/accessCookie.ts';
import type { Access } from '../../src/relay/accessControl.ts';
import { Attempts } from '../../src/relay/attempts.ts';
import { hashPassphrase, matchesPassphrase } from '../../src/relay/passphrase.ts';
import { echo, fetchFrom, SITE, startHarness } from './helpers.ts';
import type { RelayHarness, TestResponse } from './helpers.ts';

const enter = '/.well-known/classroom-tunnel/enter';
const forPage = { accept: 'text/html' };

describe('relay: private sites', () => {
  let access: Access;
  let harness: RelayHarness;
  let requests: number;
  before(async () => {
    access = { hash: await hashPassphrase('correct horse'), key: randomBytes(32).toString('base64') };
  });
  beforeEach(async () => {
    requests = 0;
    harness = await startHarness((incoming, outgoing) => {
      requests += 1;
      echo(incoming, outgoing);
    });
    harness.relay.setAccess(access);
  });
  afterEach(() => harness.close());

  const answer = (passphrase: string, to = '/'): Promise<TestResponse> =>
    fetchFrom(harness.relayPort, {
      path: enter,
      method: 'POST',
      headers: { ...forPage, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ passphrase, to }).toString(),
    });
  const pair = ({ headers }: TestResponse): string => headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const see = (cookie: string, path = '/'): Promise<TestResponse> =>
    fetchFrom(harness.relayPort, { path, headers: { cookie } });

  it("asks for the passphrase in the visitor's language, and forwards nothing before", async () => {
    const page = await fetchFrom(harness.relayPort, {
      path: '/a?b=<',
      headers: { ...forPage, 'accept-language': 'de-CH,de' },
    });
    assert.equal(page.status, 401);
    assert.match(page.body, /student1\.example\.com ist nicht öffentlich[^]*value="\/a\?b=&#60;"/);
    assert.match(String(page.headers['content-security-policy']), /form-action 'self'/);
    for (const method of ['GET', 'POST', 'OPTIONS', 'HEAD'])
      assert.equal((await fetchFrom(harness.relayPort, { method })).status, 401);
    assert.equal(requests, 0);
  });

  it('lets a visitor in who knows it, and keeps its cookie from the dev server', async () => {
    const right = await answer(' correct horse', '/a?b=1');
    assert.deepEqual([right.status, right.headers.location], [303, '/a?b=1']);
    assert.match(
      String(right.headers['set-cookie']),
      /^__Host-classroom-tunnel=\d+\.[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const seen = await see(`theme=dark; ${pair(right)}; id=1`);
    assert.equal((JSON.parse(seen.body) as { headers: { cookie: string } }).headers.cookie, 'theme=dark; id=1');
    assert.doesNotMatch((await see(pair(right))).body, /"cookie"/);
  });

  it('leads back to paths of the site alone', async () => {
    for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example/', '/a\r\nset-cookie: b=1', enter])
      assert.equal((await answer('correct horse', to)).headers.location, '/');
  });

  it('refuses a cookie of another site, of another passphrase, of another student, and one that has expired', async () => {
    const now = Date.now();
    const other = { ...access, key: randomBytes(32).toString('base64') };
    const cookies = [
      cookiePair(new URL('https://student2.example.com'), access, now),
      cookiePair(SITE, { ...access, hash: await hashPassphrase('correct horse') }, now),
      cookiePair(SITE, other, now),
      cookiePair(SITE, access, now - 31 * 24 * 3_600_000),
      `${cookiePair(SITE, access, now)}x`,
      '__Host-classroom-tunnel=',
    ];
    for (const cookie of cookies) assert.equal((await see(cookie)).status, 401, cookie);
    assert.equal((await see(cookiePair(SITE, access, now))).status, 200);
  });

  it('limits wrong attempts, also those that come at once, and keeps its visitors', async () => {
    const cookie = pair(await answer('correct horse'));
    const wrong = await Promise.all(Array.from({ length: 7 }, (_, index) => answer(`wrong ${index}`)));
    assert.deepEqual(wrong.map(({ status }) => status).sort(), [401, 401, 401, 401, 401, 429, 429]);
    const limited = wrong.find(({ status }) => status === 429);
    assert.ok(Number(limited?.headers['retry-after']) > 0);
    assert.equal((await see(cookie)).status, 200);
  });

  it('lets a whole class in at once', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => answer('correct horse')));
    assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([303]));
  });

  it('lets nobody in while the class has no passphrase', async () => {
    harness.relay.setAccess({ ...access, hash: null });
    assert.equal((await answer('')).status, 401);
  });

  it('refuses WebSockets without the cookie', async () => {
    harness.server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    const upgrade = async (cookie: string): Promise<number | undefined> => {
      const headers = { host: SITE.host, connection: 'Upgrade', upgrade: 'websocket', cookie };
      const sent = request({ host: '127.0.0.1', port: harness.relayPort, path: '/', headers });
      sent.end();
      const [response] = (await Promise.race([once(sent, 'response'), once(sent, 'upgrade')])) as [
        { statusCode?: number },
      ];
      sent.destroy();
      return response.statusCode;
    };
    assert.equal(await upgrade(''), 401);
    assert.equal(await upgrade(cookiePair(SITE, access, Date.now())), 101);
  });

  it('answers for its own status, which tells the window that visitors reach the relay', async () => {
    const { status, body } = await fetchFrom(harness.relayPort, { path: '/.well-known/classroom-tunnel/status' });
    assert.deepEqual([status, body], [200, '{"running":true}']);
  });

  it('is open again once the site is public', async () => {
    harness.relay.setAccess(undefined);
    assert.equal((await see('')).status, 200);
    assert.equal((await answer('any', '/a')).headers.location, '/a');
  });
});

describe('relay/attempts', () => {
  it('pauses longer after each wrong attempt, up to a minute, and forgets them', () => {
    const attempts = new Attempts();
    let now = 1_000_000;
    const pauses = Array.from({ length: 12 }, () => {
      attempts.addWrong(now);
      const pause = attempts.wait(now);
      now += pause;
      return pause / 1000;
    });
    assert.deepEqual(pauses, [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 60, 60]);
    now += 601_000;
    assert.equal(attempts.wait(now), 0);
    attempts.addWrong(now);
    assert.equal(attempts.wait(now), 0);
  });
});

describe('relay/passphrase', () => {
  it('matches however it is composed, and never a hash of another form', async () => {
    const stored = await hashPassphrase('Übung ');
    assert.notEqual(stored, await hashPassphrase('Übung'));
    assert.equal(await matchesPassphrase('U\u0308bung', stored), true);
    assert.equal(await matchesPassphrase('übung', stored), false);
    assert.equal(await matchesPassphrase('', 'scrypt::'), false);
  });
});

describe('relay/accessCookie', () => {
  const access: Access = { hash: null, key: randomBytes(32).toString('base64') };
  const name = fc.stringMatching(/^[a-z]{1,8}$/);

  it('takes out its own cookie and no other', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name)), fc.nat(5), (cookies, place) => {
        const others = cookies.map(([key, value]) => `${key}=${value}`);
        const all = [...others.slice(0, place), cookiePair(SITE, access, 0), ...others.slice(place)];
        assert.equal(withoutCookie(all.join('; '), SITE), others.join('; ') || undefined);
        assert.ok(hasValidCookie(all.join('; '), SITE, access, 0));
      }),
    );
  });
});
