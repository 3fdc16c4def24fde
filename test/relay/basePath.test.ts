import assert from 'node:assert/strict';
import { basePathsOf, PrintedPaths, printedAddresses } from '../../src/relay/basePath.ts';
import { probe } from '../../src/relay/probe.ts';
import { SITE, startHarness } from './helpers.ts';

/** The answer of each server for `/` when its site is elsewhere. */
const pages: [string, string, string][] = [
  [
    'Vite',
    'The server is configured with a public base URL of /app/ - did you mean to visit <a href="/app/">/app/</a> instead?',
    '/app/',
  ],
  ['Next.js', '<script src="/shop/_next/static/chunks/main.js"></script>', '/shop'],
  ['Docusaurus', '<head><script defer="defer" src="/docs/runtime~main.js"></script></head>', '/docs/'],
  ['a page with a base', '<head><base href="/site/"></head>', '/site/'],
];

describe('relay/basePath', () => {
  for (const [server, body, path] of pages) {
    it(`finds the path of the site in the page of ${server}`, async () => {
      assert.equal(basePathsOf({ status: 404, headers: {}, body })[0], path);
      assert.deepEqual(basePathsOf({ status: 200, headers: {}, body }), []);
      const harness = await startHarness((request, response) =>
        request.url === path ? response.end('<h1>Hello</h1>') : response.writeHead(404).end(body),
      );
      try {
        const address = { host: '127.0.0.1', port: harness.relayPort };
        const signal = AbortSignal.timeout(10_000);
        assert.deepEqual(await probe({ address, site: SITE, signal }), { kind: 'live', path });
      } finally {
        harness.close();
      }
    });
  }

  it('finds the path of a site whose server answers `/` too, where only a script tells that there is no page', () => {
    const body = '<meta name="generator" content="Docusaurus"><script defer src="/docs/runtime~main.js"></script>';
    assert.deepEqual(basePathsOf({ status: 200, headers: {}, body }), ['/docs/']);
  });

  it('tries the printed path first, and keeps `/` where no path has a page', async () => {
    const harness = await startHarness((request, response) =>
      request.url === '/blog/' ? response.end('<h1>Hello</h1>') : response.writeHead(404).end('not found'),
    );
    try {
      const options = { address: { host: '127.0.0.1', port: harness.relayPort }, site: SITE };
      const of = (path: string): ReturnType<typeof probe> =>
        probe({ ...options, path, signal: AbortSignal.timeout(10_000) });
      assert.deepEqual(await of('/blog/'), { kind: 'live', path: '/blog/' });
      assert.deepEqual(await of('/other/'), { kind: 'live' });
      assert.deepEqual(await of('//elsewhere.example/blog/'), { kind: 'live', path: '/blog/' });
    } finally {
      harness.close();
    }
  });

  it('reads the address that a server prints, in colours too', () => {
    const vite =
      '  \u001b[32m➜\u001b[39m  Local:   \u001b[36mhttp://localhost:\u001b[1m5173\u001b[22m/app/\u001b[39m\r\n';
    assert.deepEqual(printedAddresses(vite), [{ port: 5173, path: '/app/' }]);
    const hugo = 'Web Server is available at http://localhost:1313/blog/ (bind address 127.0.0.1)';
    assert.deepEqual(printedAddresses(hugo), [{ port: 1313, path: '/blog/' }]);
    assert.deepEqual(printedAddresses('see http://example.com:80/x and http://192.0.2.2:3000/y'), []);
  });

  it('remembers the path that was printed last for a port', async () => {
    const paths = new PrintedPaths();
    const output = async function* (...chunks: string[]): AsyncGenerator<string> {
      yield* chunks;
      await Promise.reject(new Error('closed'));
    };
    await paths.read(output('Local: http://local', 'host:5173/app/\r\n'));
    assert.equal(paths.of(5173), '/app/');
    await paths.read(output('http://localhost:5173/\n'));
    assert.equal(paths.of(5173), undefined);
  });
});
