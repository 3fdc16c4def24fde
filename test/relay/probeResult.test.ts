import assert from 'node:assert/strict';
import { inEnglish, textOf } from '../../src/messages/texts.ts';
import { resultOfProbe, planSockets, viteClientPath } from '../../src/relay/probeResult.ts';
import type { ProbeAnswers, Reply } from '../../src/relay/probeResult.ts';
import { SITE } from './helpers.ts';

const reply = (body: string, status = 200, headers: Reply['headers'] = {}): Reply => ({ status, headers, body });
const resultFor = (answers: Partial<ProbeAnswers>) =>
  resultOfProbe({ site: SITE, server: undefined, page: reply('<h1>Hello</h1>'), socket: undefined, ...answers });

describe('relay/probeResult', () => {
  it('is live when the page loads and its WebSocket, if any, opens', () => {
    assert.deepEqual(resultFor({}), { kind: 'live' });
    assert.deepEqual(resultFor({ socket: { status: 101, data: '{"type":"connected"}' } }), { kind: 'live' });
  });

  it("is live when the student's own code responds with an error", () => {
    for (const status of [404, 403, 401, 500])
      assert.deepEqual(resultFor({ page: reply('my own words', status) }), { kind: 'live' });
  });

  it("is stopped when the relay's own page responds", () => {
    const page = reply('student1.example.com is not running', 503, { 'cloudflare-cdn-cache-control': 'no-store' });
    assert.deepEqual(resultFor({ page }), { kind: 'stopped' });
  });

  it('is silent when no response comes in time', () =>
    assert.deepEqual(resultFor({ page: undefined, server: 'Next.js' }), { kind: 'silent', server: 'Next.js' }));

  it('names the server, the reason, the file and the line when the host is refused', () => {
    const vite = reply('Blocked request. This host ("student1.example.com") is not allowed.', 403);
    assert.deepEqual(resultFor({ page: vite }), {
      kind: 'refuses',
      server: 'Vite',
      why: textOf('It does not serve pages for {hostname}', { hostname: 'student1.example.com' }),
      file: 'vite.config.js',
      fix: "server: { allowedHosts: ['student1.example.com'] },",
    });
    const files = (['Astro', 'Nuxt', 'Angular', 'React Router'] as const).map((server) => {
      const result = resultFor({ page: vite, server });
      return result.kind === 'refuses' ? result.file : result.kind;
    });
    assert.deepEqual(files, [
      'astro.config.mjs',
      'nuxt.config.ts',
      'angular.json, at "serve" › "options"',
      'vite.config.js',
    ]);
    const webpack = resultFor({ page: reply('Invalid Host header', 403) });
    assert.equal(webpack.kind === 'refuses' && webpack.file, 'webpack.config.js');
  });

  it('recognises each way to refuse a WebSocket', () => {
    const next = resultFor({ server: 'Next.js', socket: { status: 0, data: 'Unauthorized' } });
    assert.deepEqual(next.kind === 'refuses' && [next.server, next.file, next.fix], [
      'Next.js',
      'next.config.js',
      "allowedDevOrigins: ['student1.example.com'],",
    ]);
    const webpack = resultFor({
      server: 'webpack-dev-server',
      socket: { status: 101, data: '\u0081{"type":"error","data":"Invalid Host/Origin header"}' },
    });
    assert.match(webpack.kind === 'refuses' ? inEnglish(webpack.why) : '', /Invalid Host\/Origin header/);
    assert.equal(resultFor({ server: 'Vite', socket: { status: 400, data: '' } }).kind, 'refuses');
  });

  it('is live when the WebSocket does not exist or the page only quotes a refusal', () => {
    for (const status of [200, 404, 426, 500])
      assert.deepEqual(resultFor({ server: 'Next.js', socket: { status, data: '' } }), { kind: 'live' });
    assert.deepEqual(
      resultFor({
        page: reply('<p>Vite says "Blocked request. This host is not allowed", webpack "Invalid Host header".</p>'),
      }),
      { kind: 'live' },
    );
    assert.equal(resultFor({ page: reply('Invalid Host header') }).kind, 'refuses');
  });

  it('gives advice for an unknown server', () => {
    const result = resultFor({ page: reply('Invalid Host header (custom)', 400) });
    assert.deepEqual(result.kind === 'refuses' && [result.server, result.fix].map((words) => inEnglish(words)), [
      'The server',
      'allow the host student1.example.com',
    ]);
  });
});

describe('relay/probeResult: the WebSocket that a page opens', () => {
  it("is Vite's, with its token and base path, when the page loads Vite's client", () => {
    assert.equal(
      viteClientPath(reply('<script type="module" src="/_nuxt/@vite/client"></script>')),
      '/_nuxt/@vite/client',
    );
    assert.equal(viteClientPath(reply('import("/@vite/client")')), '/@vite/client');
    const script = 'const base = "/sub/" || "/";\nconst wsToken = "abc-_1";';
    assert.deepEqual(planSockets('Astro', reply(''), script), [{ path: '/sub/?token=abc-_1', protocol: 'vite-hmr' }]);
    assert.deepEqual(planSockets('Vite', reply(''), 'const base = "/" || "/";'), [{ path: '/', protocol: 'vite-hmr' }]);
  });

  it("follows from the server's name or from the page", () => {
    assert.deepEqual(planSockets('Create React App', reply(''), undefined), [{ path: '/ws' }]);
    assert.deepEqual(planSockets(undefined, reply('<script src="/_next/static/x.js">'), undefined), [
      { path: '/_next/hmr' },
      { path: '/_next/webpack-hmr' },
    ]);
    assert.deepEqual(planSockets(undefined, reply('<h1>'), undefined), []);
  });
});
