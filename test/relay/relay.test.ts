import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { fetchFrom, echo, listenOnFreePort, SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

interface Seen {
  url: string;
  method: string;
  headers: Record<string, string>;
}

describe('relay: requests', () => {
  let harness: RelayHarness;
  const start = async (listener: RequestListener, options?: Parameters<typeof startHarness>[1]): Promise<void> => {
    harness = await startHarness(listener, options);
  };
  afterEach(() => harness.close());

  it('forwards a request with local names and its path unchanged', async () => {
    await start(echo);
    const response = await fetchFrom(harness.relayPort, {
      path: '/a//b/%2e%2e/?q=1&u=http://x/',
      headers: { origin: SITE.origin },
    });
    const seen = JSON.parse(response.body) as Seen;
    assert.equal(seen.url, '/a//b/%2e%2e/?q=1&u=http://x/');
    assert.equal(seen.headers.host, `localhost:${harness.serverPort}`);
    assert.equal(seen.headers.origin, `http://localhost:${harness.serverPort}`);
    assert.equal(response.headers['cloudflare-cdn-cache-control'], 'no-store');
  });

  it('passes on status, repeated cookies, and the body of every method', async () => {
    await start((request, response) => {
      response.writeHead(418, 'Teapot', { 'set-cookie': ['a=1', 'b=2'], etag: '"x"' });
      request.pipe(response);
    });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const response = await fetchFrom(harness.relayPort, { method, body: 'hello' });
      assert.deepEqual(
        [response.status, response.body, response.headers['set-cookie'], response.headers.etag],
        [418, 'hello', ['a=1', 'b=2'], '"x"'],
      );
    }
  });

  it('reuses its connections to the server', async () => {
    await start(echo);
    let connections = 0;
    harness.server.on('connection', () => {
      connections += 1;
    });
    for (let round = 0; round < 20; round += 1) await fetchFrom(harness.relayPort);
    assert.equal(connections, 1);
  });

  it('repeats a request when a reused connection turns out to be closed', async () => {
    let connections = 0;
    await start((request, response) => {
      if (request.url === '/second' && connections === 1) request.socket.destroy();
      else echo(request, response);
    });
    harness.server.on('connection', () => {
      connections += 1;
    });
    assert.equal((await fetchFrom(harness.relayPort)).status, 200);
    assert.equal((await fetchFrom(harness.relayPort, { path: '/second' })).status, 200);
    assert.equal(connections, 2);
  });

  it('never sends a request with a body twice', async () => {
    let posts = 0;
    await start((request, response) => {
      if (request.method === 'POST') {
        posts += 1;
        request.socket.destroy();
      } else {
        echo(request, response);
      }
    });
    await fetchFrom(harness.relayPort);
    assert.equal((await fetchFrom(harness.relayPort, { method: 'POST', body: 'x' })).status, 503);
    assert.equal(posts, 1);
  });

  it('refuses to be a proxy', async () => {
    await start(echo);
    const other = createServer(() => assert.fail('reached'));
    const otherPort = await listenOnFreePort(other);
    for (const line of [`GET http://127.0.0.1:${otherPort}/ HTTP/1.1`, 'OPTIONS * HTTP/1.1']) {
      const socket = connect(harness.relayPort, '127.0.0.1');
      socket.write(`${line}\r\nHost: 127.0.0.1:${otherPort}\r\n\r\n`);
      const [first] = (await once(socket, 'data')) as [Buffer];
      assert.match(first.toString(), /^HTTP\/1\.1 400 /);
      socket.destroy();
    }
    const tunnel = connect(harness.relayPort, '127.0.0.1');
    tunnel.write(`CONNECT 127.0.0.1:${otherPort} HTTP/1.1\r\nHost: x\r\n\r\n`);
    tunnel.resume();
    await once(tunnel, 'close');
    other.close();
  });

  it('breaks off the response where the server did', async () => {
    await start((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some', () => response.destroy());
    });
    await assert.rejects(fetchFrom(harness.relayPort), /aborted/);
  });

  it("closes the server's response when the visitor leaves", async () => {
    const closed = new Promise((resolve) => {
      void start((_request, response) => {
        response.write('for ever');
        response.once('close', resolve);
      }).then(() => {
        const visitor = connect(harness.relayPort, '127.0.0.1');
        visitor.write(`GET / HTTP/1.1\r\nHost: ${SITE.host}\r\n\r\n`);
        visitor.once('data', () => visitor.destroy());
      });
    });
    await closed;
  });
});

describe('relay: no server', () => {
  let harness: RelayHarness;
  const page = { headers: { accept: 'text/html,application/xhtml+xml', 'sec-fetch-dest': 'document' } };
  beforeEach(async () => {
    harness = await startHarness(echo);
  });
  afterEach(() => harness.close());

  const isStopped = async (): Promise<void> => {
    const response = await fetchFrom(harness.relayPort, page);
    assert.equal(response.status, 503);
    assert.match(response.body, /<h1>student1\.example\.com is not running right now<\/h1>/);
    assert.equal(response.headers['cache-control'], 'no-store, no-transform');
    assert.equal(response.headers['cloudflare-cdn-cache-control'], 'no-store');
    assert.equal(response.headers['retry-after'], '5');
    const status = await fetchFrom(harness.relayPort, { path: '/.well-known/classroom-tunnel/status?1' });
    assert.deepEqual(JSON.parse(status.body), { running: false });
  };

  it('shows the page while no target is set', async () => {
    harness.relay.setTarget(null);
    await isStopped();
  });

  it('shows the page after the end of the server, and the site once it is back', async () => {
    harness.server.close();
    harness.server.closeAllConnections();
    harness.relay.setTarget({ port: harness.serverPort, address: '127.0.0.1' });
    assert.equal((await fetchFrom(harness.relayPort, page)).status, 503);
    harness.server.listen(harness.serverPort, '127.0.0.1');
    await once(harness.server, 'listening');
    assert.equal((await fetchFrom(harness.relayPort, page)).status, 200);
    const status = await fetchFrom(harness.relayPort, { path: '/.well-known/classroom-tunnel/status' });
    assert.deepEqual(JSON.parse(status.body), { running: true });
  });

  it('responds to a program in plain text', async () => {
    harness.relay.setTarget(null);
    for (const headers of [
      { accept: '*/*' },
      { accept: 'application/json' },
      { accept: 'text/html', 'sec-fetch-dest': 'empty' },
    ]) {
      const response = await fetchFrom(harness.relayPort, { headers });
      assert.equal(response.status, 503);
      assert.match(response.headers['content-type'] ?? '', /^text\/plain/);
    }
    const post = await fetchFrom(harness.relayPort, { method: 'POST', body: 'x'.repeat(100_000), ...page });
    assert.match(post.headers['content-type'] ?? '', /^text\/plain/);
  });

  it("keeps requests for the relay's own path from the server", async () => {
    assert.equal((await fetchFrom(harness.relayPort, { path: '/.well-known/classroom-tunnel/x' })).status, 404);
  });
});
