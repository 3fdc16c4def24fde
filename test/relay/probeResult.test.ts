import assert from 'node:assert/strict';
import { judgeProbe, planSockets, viteClientPath } from '../../src/relay/probeResult.ts';
import type { ProbeAnswers, Reply } from '../../src/relay/probeResult.ts';
import { SITE } from './helpers.ts';

const reply = (body: string, status = 200, headers: Reply['headers'] = {}): Reply => ({ status, headers, body });
const judged = (findings: Partial<ProbeAnswers>) =>
  judgeProbe({ site: SITE, server: undefined, page: reply('<h1>Hello</h1>'), socket: undefined, ...findings });

describe('relay/verdict', () => {
  it('is live where the page comes, and its WebSocket opens where it has one', () => {
    assert.deepEqual(judged({}), { kind: 'live' });
    assert.deepEqual(judged({ socket: { status: 101, said: '{"type":"connected"}' } }), { kind: 'live' });
  });

  it("is live too where the student's own code answers an error", () => {
    for (const status of [404, 403, 401, 500])
      assert.deepEqual(judged({ page: reply('my own words', status) }), { kind: 'live' });
  });

  it("is stopped where the relay's own page answers", () => {
    const page = reply('student1.example.com is not running', 503, { 'cloudflare-cdn-cache-control': 'no-store' });
    assert.deepEqual(judged({ page }), { kind: 'stopped' });
  });

  it('is silent where nothing answers in time', () =>
    assert.deepEqual(judged({ page: undefined, server: 'Next.js' }), { kind: 'silent', server: 'Next.js' }));

  it('names the server, the reason, the file and the line where the host is refused', () => {
    const vite = reply('Blocked request. This host ("student1.example.com") is not allowed.', 403);
    assert.deepEqual(judged({ page: vite }), {
      kind: 'refuses',
      server: 'Vite',
      why: 'it does not serve pages for student1.example.com',
      file: 'vite.config.js',
      mend: "server: { allowedHosts: ['student1.example.com'] },",
    });
    const files = (['Astro', 'Nuxt', 'Angular', 'React Router'] as const).map((server) => {
      const verdict = judged({ page: vite, server });
      return verdict.kind === 'refuses' ? verdict.file : verdict.kind;
    });
    assert.deepEqual(files, [
      'astro.config.mjs',
      'nuxt.config.ts',
      'angular.json, at "serve" › "options"',
      'vite.config.js',
    ]);
    const webpack = judged({ page: reply('Invalid Host header', 403) });
    assert.equal(webpack.kind === 'refuses' && webpack.file, 'webpack.config.js');
  });

  it('knows a refused WebSocket, however it is refused', () => {
    const next = judged({ server: 'Next.js', socket: { status: 0, said: 'Unauthorized' } });
    assert.deepEqual(next.kind === 'refuses' && [next.server, next.file, next.mend], [
      'Next.js',
      'next.config.js',
      "allowedDevOrigins: ['student1.example.com'],",
    ]);
    const webpack = judged({
      server: 'webpack-dev-server',
      socket: { status: 101, said: '\u0081{"type":"error","data":"Invalid Host/Origin header"}' },
    });
    assert.match(webpack.kind === 'refuses' ? webpack.why : '', /Invalid Host\/Origin header/);
    assert.equal(judged({ server: 'Vite', socket: { status: 400, said: '' } }).kind, 'refuses');
  });

  it('takes what is no refusal for none: a missing WebSocket, a page that speaks of one', () => {
    for (const status of [200, 404, 426, 500])
      assert.deepEqual(judged({ server: 'Next.js', socket: { status, said: '' } }), { kind: 'live' });
    assert.deepEqual(
      judged({
        page: reply('<p>Vite says "Blocked request. This host is not allowed", webpack "Invalid Host header".</p>'),
      }),
      { kind: 'live' },
    );
    assert.equal(judged({ page: reply('Invalid Host header') }).kind, 'refuses');
  });

  it('says something useful of a server that it does not know', () => {
    const verdict = judged({ page: reply('Invalid Host header (custom)', 400) });
    assert.deepEqual(verdict.kind === 'refuses' && [verdict.server, verdict.mend], [
      'The server',
      'allow the host student1.example.com',
    ]);
  });
});

describe('relay/verdict: the WebSocket that a page opens', () => {
  it("is Vite's, with its token and under its base, wherever the page loads Vite's client", () => {
    assert.equal(
      viteClientPath(reply('<script type="module" src="/_nuxt/@vite/client"></script>')),
      '/_nuxt/@vite/client',
    );
    assert.equal(viteClientPath(reply('import("/@vite/client")')), '/@vite/client');
    const script = 'const base = "/sub/" || "/";\nconst wsToken = "abc-_1";';
    assert.deepEqual(planSockets('Astro', reply(''), script), [{ path: '/sub/?token=abc-_1', protocol: 'vite-hmr' }]);
    assert.deepEqual(planSockets('Vite', reply(''), 'const base = "/" || "/";'), [{ path: '/', protocol: 'vite-hmr' }]);
  });

  it("is known by the server's name, or by the page", () => {
    assert.deepEqual(planSockets('Create React App', reply(''), undefined), [{ path: '/ws' }]);
    assert.deepEqual(planSockets(undefined, reply('<script src="/_next/static/x.js">'), undefined), [
      { path: '/_next/hmr' },
      { path: '/_next/webpack-hmr' },
    ]);
    assert.deepEqual(planSockets(undefined, reply('<h1>'), undefined), []);
  });
});
