import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { createServer } from 'node:http';
import { hideAddress } from '../../src/relay/webpackAddress.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { fetchFrom, listenOnFreePort, SITE } from './helpers.ts';

async function rewritten(pieces: string[], port = 8080): Promise<string> {
  let out = '';
  for await (const chunk of Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(hideAddress(port)))
    out += String(chunk);
  return out;
}
const script = (port: string, host = '0.0.0.0'): string =>
  `var q = "?protocol=ws%3A&hostname=${host}&port=${port}&pathname=%2Fws&hot=true";`;

describe('relay/webpackAddress', () => {
  it("replaces the server's port at the same length", async () => {
    assert.equal(await rewritten([script('8080') + script('8080')]), script('0&&&') + script('0&&&'));
  });

  it('replaces localhost and IPv4 addresses', async () => {
    assert.equal(await rewritten([script('8080', 'localhost')]), script('0&&&&&'));
    assert.equal(await rewritten([script('8080', '192.168.100.200')]), script('0'.padEnd(12, '&')));
  });

  it('works wherever chunks are cut', async () => {
    const text = script('8080') + script('8080');
    for (let cut = 0; cut <= text.length; cut += 1)
      assert.equal(await rewritten([text.slice(0, cut), text.slice(cut)]), script('0&&&') + script('0&&&'));
    assert.equal(await rewritten(text.split('')), script('0&&&') + script('0&&&'));
  });

  it('leaves other ports, other hosts and all other text unchanged', async () => {
    for (const text of [
      '',
      'hostname=0.0.0.0&port=',
      script('8081'),
      script('80800'),
      script('8080', 'example.com'),
      'hostname=0.0.0.0&port=8080&',
      'port=8080&pathname=',
      '\xff\u20ac',
    ])
      assert.equal(await rewritten([text]), text);
  });
});

describe("relay: webpack-dev-server's script", () => {
  it("is rewritten with its true length; other servers' scripts are unchanged", async () => {
    const server = createServer((incoming, response) => {
      assert.equal(incoming.url === '/main.js' ? incoming.headers['accept-encoding'] : undefined, undefined);
      const body = script(String(port));
      response.writeHead(200, { 'content-type': 'text/javascript', 'content-length': body.length }).end(body);
    });
    const port = await listenOnFreePort(server);
    const relay = createRelay({ site: SITE, isOwn: () => true });
    const relayPort = await listenOnFreePort(relay.server);
    const request = { path: '/main.js', headers: { 'accept-encoding': 'gzip', 'sec-fetch-dest': 'script' } };
    try {
      relay.setTarget({ port, address: '127.0.0.1', server: 'webpack-dev-server' });
      const answer = await fetchFrom(relayPort, request);
      assert.equal(answer.body, script('0'.padEnd(String(port).length, '&')));
      assert.equal(Number(answer.headers['content-length']), answer.body.length);
      assert.equal(answer.headers['cache-control'], 'no-cache');
      relay.setTarget({ port, address: '127.0.0.1' });
      assert.equal(
        (await fetchFrom(relayPort, request)).body,
        answer.body,
        'an unknown server may contain webpack-dev-server',
      );
      relay.setTarget({ port, address: '127.0.0.1', server: 'Vite' });
      assert.equal((await fetchFrom(relayPort, { path: '/other.js' })).body, script(String(port)));
    } finally {
      relay.close();
      server.close();
    }
  });
});
