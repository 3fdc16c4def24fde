import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { DevServerName } from '../../src/relay/devServers.ts';
import { askForNames, local, ServerNames } from '../../src/relay/names.ts';
import { echo, fetchFrom, SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

type Seen = Pick<IncomingHttpHeaders, 'host' | 'origin'> & { readonly scheme?: string | string[] | undefined };

describe('relay/names', () => {
  let harness: RelayHarness;
  /** The server's requests, in order. */
  let requests: Seen[];
  afterEach(() => harness.close());

  /** Starts a server and a relay that asks it. */
  async function start(listener: RequestListener, server?: DevServerName): Promise<void> {
    requests = [];
    harness = await startHarness(
      (request, response) => {
        const { host, origin, 'x-forwarded-proto': scheme } = request.headers;
        requests.push({ host, origin, scheme });
        listener(request, response);
      },
      { ask: askForNames },
    );
    restart(server);
  }
  const restart = (server?: DevServerName): void =>
    harness.relay.setTarget({ port: harness.serverPort, address: '127.0.0.1', ...(server && { server }) });

  /** The headers with which a request of the site's own page arrives. */
  async function seenBy(method: string, path = '/echo'): Promise<IncomingHttpHeaders> {
    const response = await fetchFrom(harness.relayPort, {
      path,
      method,
      headers: { origin: SITE.origin, referer: `${SITE.origin}/` },
      ...(method === 'POST' && { body: 'x' }),
    });
    return (JSON.parse(response.body) as { headers: IncomingHttpHeaders }).headers;
  }
  async function isPublic(method = 'GET', path?: string): Promise<boolean> {
    const { host, origin, referer, 'x-forwarded-proto': scheme } = await seenBy(method, path);
    const here = `localhost:${harness.serverPort}`;
    const isLocal = host === here;
    const wanted = isLocal
      ? [here, `http://${here}`, `http://${here}/`, undefined]
      : [SITE.host, SITE.origin, `${SITE.origin}/`, 'https'];
    assert.deepEqual([host, origin, referer, scheme], wanted);
    return !isLocal;
  }

  it('gives a server that takes them the public names, on every request', async () => {
    await start(echo);
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) assert.ok(await isPublic(method), method);
  });

  it('sets the secure cookie of a sign-in, as express-session does behind a proxy that it trusts', async () => {
    await start((request, response) => {
      const isSecure = request.headers['x-forwarded-proto'] === 'https';
      if (isSecure) response.setHeader('set-cookie', 'sid=1; Path=/; HttpOnly; Secure');
      response.writeHead(302, { location: `http://${request.headers.host}/` }).end();
    });
    const { headers } = await fetchFrom(harness.relayPort, {
      path: '/login',
      method: 'POST',
      headers: { origin: SITE.origin },
      body: 'user=anna',
    });
    assert.deepEqual(headers['set-cookie'], ['sid=1; Path=/; HttpOnly; Secure']);
    assert.equal(headers.location, `${SITE.origin}/`);
  });

  for (const [what, refuses] of [
    ['Host, as Vite does', ({ host }) => host === SITE.host],
    ['Origin, as an allow list of cors does', ({ origin }) => origin === SITE.origin],
  ] satisfies [string, (headers: IncomingHttpHeaders) => boolean][]) {
    it(`gives the local names to a server that refuses the public ${what}`, async () => {
      await start((request, response) => {
        if (refuses(request.headers)) response.writeHead(403).end('no');
        else echo(request, response);
      });
      for (const method of ['GET', 'POST']) assert.ok(!(await isPublic(method)), method);
    });
  }

  it('gives the local names where a page with status 200 refuses the public one', async () => {
    await start((request, response) => {
      if (request.headers.host === SITE.host) response.end('Invalid Host header');
      else echo(request, response);
    });
    assert.ok(!(await isPublic()));
  });

  it('gives the public names to a server without a page', async () => {
    await start((request, response) => {
      if (request.url === '/') response.writeHead(404).end('Cannot GET /');
      else echo(request, response);
    });
    assert.ok(await isPublic('POST'));
  });

  it('asks once for each start, and a server that is known to refuse never', async () => {
    await start(echo);
    for (let count = 0; count < 3; count += 1) await seenBy('GET');
    assert.deepEqual([requests.length, requests[0]], [4, { host: SITE.host, origin: SITE.origin, scheme: 'https' }]);
    harness.relay.setTarget(null);
    restart();
    await seenBy('GET');
    assert.equal(requests.length, 6);
    restart('Vite');
    assert.ok(!(await isPublic()));
    assert.equal(requests.length, 7);
  });

  it('gives the local names to a server whose page tells that it is one that refuses the public ones', async () => {
    await start((request, response) => {
      if (request.url === '/') response.end('<script src="/_next/static/main.js"></script>');
      else echo(request, response);
    });
    assert.ok(!(await isPublic()));
  });

  it('tells browsers to use HTTPS where a page links to the site without it', async () => {
    await start(({ headers }, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<link rel=stylesheet href="http://${headers.host}/style.css">`);
    });
    const { headers } = await fetchFrom(harness.relayPort);
    assert.equal(headers['content-security-policy'], 'upgrade-insecure-requests');
  });

  it('serves visitors by the local names while a server does not answer, and by its own answer then', async () => {
    await start(echo);
    let answer: (naming: { names: 'public' }) => void = () => undefined;
    const asked = new Promise<{ names: 'public' }>((resolve) => (answer = resolve));
    const names = new ServerNames(() => asked, 1);
    names.start({ port: harness.serverPort, address: '127.0.0.1' });
    assert.deepEqual(await new Promise((resolve) => names.whenKnown(resolve)), local);
    answer({ names: 'public' });
    await asked;
    await new Promise(setImmediate);
    names.whenKnown((naming) => assert.deepEqual(naming, { names: 'public' }));
  });

  it('gives local names to a WebSocket', async () => {
    await start(echo);
    const upgraded = once(harness.server, 'upgrade') as Promise<
      [{ headers: IncomingHttpHeaders }, { destroy(): void }]
    >;
    const headers = { connection: 'Upgrade', upgrade: 'websocket', origin: SITE.origin };
    await Promise.all([
      upgraded.then(([request, socket]) => {
        assert.equal(request.headers.origin, `http://localhost:${harness.serverPort}`);
        socket.destroy();
      }),
      fetchFrom(harness.relayPort, { headers }).catch(() => undefined),
    ]);
  });
});
