import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ask, echo, listenOnFreePort, SITE, startBench } from './helpers.ts';
import type { Bench } from './helpers.ts';

interface Seen {
  url: string;
  method: string;
  headers: Record<string, string>;
}

describe('relay: requests', () => {
  let bench: Bench;
  const start = async (answer: RequestListener, options?: Parameters<typeof startBench>[1]): Promise<void> => {
    bench = await startBench(answer, options);
  };
  afterEach(() => bench.close());

  it('hands a request on with local names, and its path untouched', async () => {
    await start(echo);
    const answer = await ask(bench.relayPort, {
      path: '/a//b/%2e%2e/?q=1&u=http://x/',
      headers: { origin: SITE.origin },
    });
    const seen = JSON.parse(answer.body) as Seen;
    assert.equal(seen.url, '/a//b/%2e%2e/?q=1&u=http://x/');
    assert.equal(seen.headers.host, `localhost:${bench.serverPort}`);
    assert.equal(seen.headers.origin, `http://localhost:${bench.serverPort}`);
    assert.equal(answer.headers['cloudflare-cdn-cache-control'], 'no-store');
  });

  it('passes status, repeated cookies and a body of every method', async () => {
    await start((request, response) => {
      response.writeHead(418, 'Teapot', { 'set-cookie': ['a=1', 'b=2'], etag: '"x"' });
      request.pipe(response);
    });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await ask(bench.relayPort, { method, body: 'hello' });
      assert.deepEqual(
        [answer.status, answer.body, answer.headers['set-cookie'], answer.headers.etag],
        [418, 'hello', ['a=1', 'b=2'], '"x"'],
      );
    }
  });

  it('keeps its connections to the server', async () => {
    await start(echo);
    let connections = 0;
    bench.server.on('connection', () => {
      connections += 1;
    });
    for (let round = 0; round < 20; round += 1) await ask(bench.relayPort);
    assert.equal(connections, 1);
  });

  it('asks once more when a kept connection turns out to be closed', async () => {
    let connections = 0;
    await start((request, response) => {
      if (request.url === '/second' && connections === 1) request.socket.destroy();
      else echo(request, response);
    });
    bench.server.on('connection', () => {
      connections += 1;
    });
    assert.equal((await ask(bench.relayPort)).status, 200);
    assert.equal((await ask(bench.relayPort, { path: '/second' })).status, 200);
    assert.equal(connections, 2);
  });

  it('never sends a changing request twice', async () => {
    let posts = 0;
    await start((request, response) => {
      if (request.method === 'POST') {
        posts += 1;
        request.socket.destroy();
      } else {
        echo(request, response);
      }
    });
    await ask(bench.relayPort);
    assert.equal((await ask(bench.relayPort, { method: 'POST', body: 'x' })).status, 503);
    assert.equal(posts, 1);
  });

  it('is no proxy for others', async () => {
    await start(echo);
    const other = createServer(() => assert.fail('reached'));
    const otherPort = await listenOnFreePort(other);
    for (const line of [`GET http://127.0.0.1:${otherPort}/ HTTP/1.1`, 'OPTIONS * HTTP/1.1']) {
      const socket = connect(bench.relayPort, '127.0.0.1');
      socket.write(`${line}\r\nHost: 127.0.0.1:${otherPort}\r\n\r\n`);
      const [first] = (await once(socket, 'data')) as [Buffer];
      assert.match(first.toString(), /^HTTP\/1\.1 400 /);
      socket.destroy();
    }
    const tunnel = connect(bench.relayPort, '127.0.0.1');
    tunnel.write(`CONNECT 127.0.0.1:${otherPort} HTTP/1.1\r\nHost: x\r\n\r\n`);
    tunnel.resume();
    await once(tunnel, 'close');
    other.close();
  });

  it('cuts the answer where the server cut it', async () => {
    await start((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some', () => response.destroy());
    });
    await assert.rejects(ask(bench.relayPort), /aborted/);
  });

  it("lets go of the server's answer when the visitor goes", async () => {
    const closed = new Promise((resolve) => {
      void start((_request, response) => {
        response.write('for ever');
        response.once('close', resolve);
      }).then(() => {
        const visitor = connect(bench.relayPort, '127.0.0.1');
        visitor.write(`GET / HTTP/1.1\r\nHost: ${SITE.host}\r\n\r\n`);
        visitor.once('data', () => visitor.destroy());
      });
    });
    await closed;
  });
});

describe('relay: no server', () => {
  let bench: Bench;
  const page = { headers: { accept: 'text/html,application/xhtml+xml', 'sec-fetch-dest': 'document' } };
  beforeEach(async () => {
    bench = await startBench(echo);
  });
  afterEach(() => bench.close());

  const isStopped = async (): Promise<void> => {
    const answer = await ask(bench.relayPort, page);
    assert.equal(answer.status, 503);
    assert.match(answer.body, /<h1>student1\.example\.com is not running right now<\/h1>/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['cloudflare-cdn-cache-control'], 'no-store');
    assert.equal(answer.headers['retry-after'], '5');
    const status = await ask(bench.relayPort, { path: '/.well-known/classroom-tunnel/status?1' });
    assert.deepEqual(JSON.parse(status.body), { running: false });
  };

  it('shows the page while there is no target', async () => {
    bench.relay.setTarget(null);
    await isStopped();
  });

  it('shows the page when the server has ended, and the site once it is back', async () => {
    bench.server.close();
    bench.server.closeAllConnections();
    bench.relay.setTarget({ port: bench.serverPort, address: '127.0.0.1' });
    assert.equal((await ask(bench.relayPort, page)).status, 503);
    bench.server.listen(bench.serverPort, '127.0.0.1');
    await once(bench.server, 'listening');
    assert.equal((await ask(bench.relayPort, page)).status, 200);
    const status = await ask(bench.relayPort, { path: '/.well-known/classroom-tunnel/status' });
    assert.deepEqual(JSON.parse(status.body), { running: true });
  });

  it('answers a program in plain text', async () => {
    bench.relay.setTarget(null);
    for (const headers of [
      { accept: '*/*' },
      { accept: 'application/json' },
      { accept: 'text/html', 'sec-fetch-dest': 'empty' },
    ]) {
      const answer = await ask(bench.relayPort, { headers });
      assert.equal(answer.status, 503);
      assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
    }
    const post = await ask(bench.relayPort, { method: 'POST', body: 'x'.repeat(100_000), ...page });
    assert.match(post.headers['content-type'] ?? '', /^text\/plain/);
  });

  it("never lets the server see the relay's own path", async () => {
    assert.equal((await ask(bench.relayPort, { path: '/.well-known/classroom-tunnel/x' })).status, 404);
  });
});

describe("relay: another user's server", () => {
  it('is never connected to', async () => {
    let connections = 0;
    const asked: number[] = [];
    const bench = await startBench(echo, {
      isOwn: (port) => {
        asked.push(port);
        return false;
      },
    });
    bench.server.on('connection', (socket: Socket) => {
      connections += 1;
      socket.destroy();
    });
    try {
      assert.equal((await ask(bench.relayPort)).status, 503);
      assert.equal((await ask(bench.relayPort, { method: 'POST', body: 'x' })).status, 503);
      assert.equal(
        (await ask(bench.relayPort, { path: '/.well-known/classroom-tunnel/status' })).body,
        '{"running":false}',
      );
      assert.equal(connections, 0);
      assert.deepEqual(asked, [bench.serverPort, bench.serverPort, bench.serverPort]);
    } finally {
      bench.close();
    }
  });

  it("is not reached either where it took the port of this user's server, however shortly before that answered", async () => {
    let connections = 0;
    const owner = { own: true, asked: 0 };
    const isOwn = (): boolean => {
      owner.asked += 1;
      return owner.own;
    };
    const bench = await startBench(echo, { isOwn, now: () => 0 });
    bench.server.on('connection', () => {
      connections += 1;
    });
    try {
      await Promise.all([ask(bench.relayPort), ask(bench.relayPort), ask(bench.relayPort)]);
      assert.deepEqual([connections, owner.asked], [3, 1]);
      owner.own = false; // the port changes hands: the old server's connections end with it
      bench.server.closeAllConnections();
      assert.equal((await ask(bench.relayPort)).status, 503);
      assert.equal(connections, 3);
    } finally {
      bench.close();
    }
  });
});
