import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { obfuscateHtml } from '../../standin/edge/emailObfuscation.ts';
import { startVisitor } from './visitor.ts';
import type { Visitor } from './visitor.ts';

const page = '<h1>Zoë</h1><p>Write to <a href="mailto:zoe@example.com">zoe@example.com</a></p>';
const isChanged = (body: string) => !body.includes('zoe@') && body.includes('data-cfemail="') && body.includes('Zoë');

describe("stand-in: the edge's e-mail obfuscation", () => {
  let visitor: Visitor;

  beforeEach(async () => {
    visitor = await startVisitor();
  });
  afterEach(() => visitor.close());

  /** The page that a visitor gets of a server that answers so. */
  async function served(headers: Record<string, string>, body: string | Buffer = page): Promise<string> {
    const { service } = await visitor.origin((_request, response) => response.writeHead(200, headers).end(body));
    visitor.publish('student1', service);
    return (await visitor.page('student1'))[1];
  }

  it('rewrites HTML that has an address in it', async () => {
    assert.ok(isChanged(await served({ 'content-type': 'text/html; charset=utf-8' })));
  });

  it('rewrites compressed HTML', async () => {
    const html = { 'content-type': 'text/html' };
    assert.ok(isChanged(await served({ ...html, 'content-encoding': 'br' }, brotliCompressSync(page))));
  });

  it('leaves HTML alone that says no-transform', async () => {
    const headers = { 'content-type': 'text/html', 'cache-control': 'no-store, no-transform' };
    assert.equal(await served({ ...headers, 'content-length': String(Buffer.byteLength(page)) }), page);
  });

  it('leaves other types alone, and HTML without an address', async () => {
    assert.equal(await served({ 'content-type': 'application/json' }), page);
  });

  it('leaves everything alone in a zone that has it off', async () => {
    visitor.standIn.world.zone.emailObfuscation = false;
    const compressed = { 'content-type': 'text/html', 'content-encoding': 'gzip' };
    const { service } = await visitor.origin((_request, response) =>
      response.writeHead(200, compressed).end(gzipSync(page)),
    );
    visitor.publish('student1', service);
    assert.equal((await visitor.get('student1')).resume().headers['content-encoding'], 'gzip');
  });

  it('passes on the beginning of a page before its end has come', async () => {
    const { service } = await visitor.origin((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).write('<p>first</p><script>const address = "a@');
    });
    visitor.publish('student1', service);
    const response: IncomingMessage = await visitor.get('student1');
    assert.equal(String(((await once(response, 'data')) as [Buffer])[0]), '<p>first</p>');
    response.destroy();
  });

  it('changes addresses in text and links only', () => {
    for (const html of [
      '<script>const a = "a@b.com";</script>',
      '<!-- a@b.com -->',
      '<input value="a@b.com">',
      '<title>a@b.com</title>',
      'https://example.com/@name.x',
      'user@localhost',
    ]) {
      assert.equal(obfuscateHtml(html), html);
    }
    assert.match(obfuscateHtml('a@b.com'), /^<span class="__cf_email__" data-cfemail="2a4b6a4804494547"/);
  });
});
