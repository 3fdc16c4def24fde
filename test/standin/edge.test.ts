import assert from 'node:assert/strict';
import { once } from 'node:events';
import { startVisitor } from './visitor.ts';
import type { Visitor } from './visitor.ts';

describe('stand-in: the edge', () => {
  let visitor: Visitor;

  beforeEach(async () => {
    visitor = await startVisitor();
  });
  afterEach(() => visitor.close());

  it('routes a name through its record and its rule to the server, over IPv4 and IPv6', async () => {
    const { service } = await visitor.origin((_request, response) => response.end('hello'));
    visitor.publish('student1', service);
    assert.deepEqual(await visitor.page('student1'), [200, 'hello']);
    assert.deepEqual(await visitor.page('STUDENT1'), [200, 'hello']);
    assert.deepEqual(await visitor.page('student1', '/', { address: '::1' }), [200, 'hello']);
  });

  it('reaches a server that listens on ::1 only', async () => {
    const { service } = await visitor.origin((_request, response) => response.end('six'), '::1');
    visitor.publish('student1', service);
    assert.deepEqual(await visitor.page('student1'), [200, 'six']);
  });

  it('answers 530 without a proxied record to a tunnel that runs', async () => {
    const { world } = visitor.standIn;
    visitor.publish('student1', 'http_status:204');
    const [record] = world.zone.records.named('student1.localhost');
    assert.ok(record);
    assert.match((await visitor.page('student2')).join(' '), /^530 .*Error 1016/s);
    record.proxied = false;
    assert.match((await visitor.page('student1')).join(' '), /^530 .*Error 1016/s);
    Object.assign(record, { proxied: true, content: 'example.com' });
    assert.match((await visitor.page('student1')).join(' '), /^530 .*Error 1016/s);
    record.content = '01234567-89ab-cdef-0123-456789abcdef.cfargotunnel.com';
    assert.match((await visitor.page('student1')).join(' '), /^530 .*Error 1033/s);
    record.content = `${world.addTunnel({ connected: false }).id}.cfargotunnel.com`;
    assert.match((await visitor.page('student1')).join(' '), /^530 .*Error 1033/s);
  });

  it('routes each name to the tunnel of its own record', async () => {
    const other = visitor.standIn.world.addTunnel();
    visitor.standIn.world.save(other, { ingress: [{ service: 'http_status:202' }] });
    visitor.publish('student1', 'http_status:201');
    visitor.standIn.addRecord({
      type: 'CNAME',
      name: 'student2',
      content: `${other.id}.cfargotunnel.com`,
      proxied: true,
    });
    assert.deepEqual(await visitor.page('student1'), [201, '']);
    assert.deepEqual(await visitor.page('student2'), [202, '']);
  });

  it('takes the first rule that matches, and the last one where none does', async () => {
    visitor.standIn.addRecord({
      type: 'CNAME',
      name: '*',
      content: `${visitor.standIn.tunnelId}.cfargotunnel.com`,
      proxied: true,
    });
    visitor.standIn.world.save(visitor.standIn.world.tunnel, {
      ingress: [
        { hostname: 'a.localhost', path: '^/api/', service: 'http_status:201' },
        { hostname: 'a.localhost', service: 'http_status:202' },
        { hostname: '*.b.localhost', service: 'http_status:203' },
        { hostname: 'x.b.localhost', service: 'http_status:204' },
        { hostname: 'Upper.localhost', service: 'http_status:205' },
        { service: 'http_status:404' },
      ],
    });
    const statuses: Record<string, string> = {};
    for (const [name, path] of [
      ['a', '/api/x'],
      ['a', '/x/api/'],
      ['x.b', '/'],
      ['y.x.b', '/'],
      ['b', '/'],
      ['upper', '/'],
    ] as const) {
      statuses[name + path] = String((await visitor.get(name, path)).resume().statusCode);
    }
    assert.deepEqual(statuses, {
      'a/api/x': '201',
      'a/x/api/': '202',
      'x.b/': '203',
      'y.x.b/': '203',
      'b/': '404',
      'upper/': '404',
    });
  });

  it('answers 503 without rules, and for a tunnel whose rules are in a local file', async () => {
    visitor.standIn.addRecord({
      type: 'CNAME',
      name: 'student1',
      content: `${visitor.standIn.tunnelId}.cfargotunnel.com`,
      proxied: true,
    });
    assert.equal((await visitor.get('student1')).resume().statusCode, 503);
    visitor.standIn.world.save(visitor.standIn.world.tunnel, { ingress: [{ service: 'http_status:204' }] });
    visitor.standIn.world.tunnel.source = 'local';
    assert.equal((await visitor.get('student1')).resume().statusCode, 503);
  });

  it('answers 502 when the server does not listen, over HTTP and WebSockets', async () => {
    const server = await visitor.origin(() => undefined);
    server.close();
    visitor.publish('student1', server.service);
    assert.match((await visitor.page('student1')).join(' '), /^502 .*does not answer/s);
    const socket = visitor.openSocket('student1');
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /502/);
  });

  it('reaches a server on a Unix socket', async () => {
    const { service } = await visitor.origin((_request, response) => response.end('socket'), 'socket');
    visitor.publish('student1', service);
    assert.deepEqual(await visitor.page('student1'), [200, 'socket']);
  });

  it("forwards the visitor's address and scheme, and the Host that the rule names", async () => {
    const { service } = await visitor.origin((incoming, response) => response.end(JSON.stringify(incoming.headers)));
    visitor.publish('student1', service);
    visitor.publish('student2', service, { httpHostHeader: 'localhost:5173' });
    const headersAt = async (name: string) =>
      JSON.parse(
        (
          await visitor.page(name, '/', { headers: { 'x-forwarded-for': '192.0.2.1', 'cf-connecting-ip': 'forged' } })
        )[1],
      ) as Record<string, string>;
    const first = await headersAt('student1');
    assert.equal(first.host, `student1.localhost:${visitor.standIn.edgePort}`);
    assert.equal(first['cf-connecting-ip'], '127.0.0.1');
    assert.equal(first['x-forwarded-for'], '192.0.2.1,127.0.0.1');
    assert.equal(first['x-forwarded-proto'], 'http');
    assert.equal(first['x-forwarded-host'], undefined);
    const second = await headersAt('student2');
    assert.equal(second.host, 'localhost:5173');
    assert.equal(second['x-forwarded-host'], `student2.localhost:${visitor.standIn.edgePort}`);
  });

  it("sends the visitor's own Host to a Unix socket, whatever httpHostHeader says", async () => {
    const { service } = await visitor.origin((incoming, response) => response.end(incoming.headers.host), 'socket');
    visitor.publish('student1', service, { httpHostHeader: 'localhost:5173' });
    assert.deepEqual(await visitor.page('student1'), [200, `student1.localhost:${visitor.standIn.edgePort}`]);
  });
});
