import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { createServer } from 'node:http';
import { hideAddress } from '../../src/relay/webpackAddress.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { ask, listenOnFreePort, SITE } from './helpers.ts';

async function hidden(pieces: string[], port = 8080): Promise<string> {
  let out = '';
  for await (const chunk of Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(hideAddress(port)))
    out += String(chunk);
  return out;
}
const said = (port: string, host = '0.0.0.0'): string =>
  `var q = "?protocol=ws%3A&hostname=${host}&port=${port}&pathname=%2Fws&hot=true";`;

describe('relay/webpackAddress', () => {
  it("replaces the server's own port by the page's, at the same length", async () => {
    assert.equal(await hidden([said('8080') + said('8080')]), said('0&&&') + said('0&&&'));
  });

  it('replaces every name of this machine that a tool may have chosen', async () => {
    assert.equal(await hidden([said('8080', 'localhost')]), said('0&&&&&'));
    assert.equal(await hidden([said('8080', '192.168.100.200')]), said('0'.padEnd(12, '&')));
  });

  it('does so wherever the pieces are cut', async () => {
    const text = said('8080') + said('8080');
    for (let cut = 0; cut <= text.length; cut += 1)
      assert.equal(await hidden([text.slice(0, cut), text.slice(cut)]), said('0&&&') + said('0&&&'));
    assert.equal(await hidden(text.split('')), said('0&&&') + said('0&&&'));
  });

  it('leaves other ports, other hosts and everything else alone', async () => {
    for (const text of [
      '',
      'hostname=0.0.0.0&port=',
      said('8081'),
      said('80800'),
      said('8080', 'example.com'),
      'hostname=0.0.0.0&port=8080&',
      'port=8080&pathname=',
      '\xff\u20ac',
    ])
      assert.equal(await hidden([text]), text);
  });
});

describe("relay: webpack-dev-server's script", () => {
  it("arrives readable and rewritten, with its true length; other servers' scripts as they are", async () => {
    const server = createServer((request, response) => {
      assert.equal(request.url === '/main.js' ? request.headers['accept-encoding'] : undefined, undefined);
      const body = said(String(port));
      response.writeHead(200, { 'content-type': 'text/javascript', 'content-length': body.length }).end(body);
    });
    const port = await listenOnFreePort(server);
    const relay = createRelay({ site: SITE, isOwn: () => true, now: () => 0 });
    const relayPort = await listenOnFreePort(relay.server);
    const question = { path: '/main.js', headers: { 'accept-encoding': 'gzip', 'sec-fetch-dest': 'script' } };
    try {
      relay.setTarget({ port, address: '127.0.0.1', server: 'webpack-dev-server' });
      const answer = await ask(relayPort, question);
      assert.equal(answer.body, said('0'.padEnd(String(port).length, '&')));
      assert.equal(Number(answer.headers['content-length']), answer.body.length);
      assert.equal(answer.headers['cache-control'], 'no-cache');
      relay.setTarget({ port, address: '127.0.0.1' });
      assert.equal((await ask(relayPort, question)).body, answer.body, 'a server that is not known may be one');
      relay.setTarget({ port, address: '127.0.0.1', server: 'Vite' });
      assert.equal((await ask(relayPort, { path: '/other.js' })).body, said(String(port)));
    } finally {
      relay.close();
      server.close();
    }
  });
});
