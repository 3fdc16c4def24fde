import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WebSocket, WebSocketServer } from 'ws';
import { startStandIn } from '../../standin/standIn.ts';
import type { StandIn } from '../../standin/standIn.ts';

describe('stand-in: the edge', () => {
  let standIn: StandIn;
  const origins: Server[] = [];

  beforeEach(async () => {
    standIn = await startStandIn();
  });
  afterEach(async () => {
    await standIn.close();
    for (const origin of origins.splice(0)) origin.close().closeAllConnections();
  });

  async function origin(listener: RequestListener, host = '127.0.0.1'): Promise<Server & { service: string }> {
    const server = createServer(listener).listen(0, host);
    origins.push(server);
    await once(server, 'listening');
    return Object.assign(server, { service: `http://localhost:${(server.address() as AddressInfo).port}` });
  }

  /** A record and a rule for a name, as the program makes them. */
  function publish(name: string, service: string, originRequest: Record<string, unknown> = {}): void {
    standIn.addRecord({ type: 'CNAME', name, content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
    standIn.world.saveInDashboard((config) => ({
      ingress: [{ hostname: `${name}.localhost`, service, originRequest }, ...config.ingress],
    }));
  }

  async function get(
    name: string,
    path = '/',
    options: { address?: string; method?: string; body?: Readable; headers?: Record<string, string> } = {},
  ): Promise<IncomingMessage> {
    const headers = { host: `${name}.localhost:${standIn.edgePort}`, ...options.headers };
    const sent = request({
      host: options.address ?? '127.0.0.1',
      port: standIn.edgePort,
      path,
      method: options.method ?? 'GET',
      headers,
      agent: false,
    });
    if (options.body) options.body.pipe(sent);
    else sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }

  async function page(...parameters: Parameters<typeof get>): Promise<[number | undefined, string]> {
    const response = await get(...parameters);
    return [response.statusCode, await text(response)];
  }

  it('leads a name through its record and its rule to the server, over IPv4 and IPv6', async () => {
    const { service } = await origin((_request, response) => response.end('hello'));
    publish('student1', service);
    assert.deepEqual(await page('student1'), [200, 'hello']);
    assert.deepEqual(await page('STUDENT1'), [200, 'hello']);
    assert.deepEqual(await page('student1', '/', { address: '::1' }), [200, 'hello']);
  });

  it('finds a server that listens on ::1 alone', async () => {
    const { service } = await origin((_request, response) => response.end('six'), '::1');
    publish('student1', service);
    assert.deepEqual(await page('student1'), [200, 'six']);
  });

  it('needs the record: proxied, and to a tunnel that runs', async () => {
    const { world } = standIn;
    publish('student1', 'http_status:204');
    const [record] = world.zone.records.named('student1.localhost');
    assert.ok(record);
    assert.match((await page('student2')).join(' '), /^530 .*Error 1016/s);
    record.proxied = false;
    assert.match((await page('student1')).join(' '), /^530 .*Error 1016/s);
    Object.assign(record, { proxied: true, content: 'example.com' });
    assert.match((await page('student1')).join(' '), /^530 .*Error 1016/s);
    record.content = '01234567-89ab-cdef-0123-456789abcdef.cfargotunnel.com';
    assert.match((await page('student1')).join(' '), /^530 .*Error 1033/s);
    record.content = `${world.addTunnel({ connected: false }).id}.cfargotunnel.com`;
    assert.match((await page('student1')).join(' '), /^530 .*Error 1033/s);
  });

  it('leads each name to the tunnel of its own record', async () => {
    const other = standIn.world.addTunnel();
    standIn.world.save(other, { ingress: [{ service: 'http_status:202' }] });
    publish('student1', 'http_status:201');
    standIn.addRecord({ type: 'CNAME', name: 'student2', content: `${other.id}.cfargotunnel.com`, proxied: true });
    assert.deepEqual(await page('student1'), [201, '']);
    assert.deepEqual(await page('student2'), [202, '']);
  });

  it('takes the first rule that matches, and the last where none does', async () => {
    standIn.addRecord({ type: 'CNAME', name: '*', content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
    standIn.world.save(standIn.world.tunnel, {
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
      statuses[name + path] = String((await get(name, path)).resume().statusCode);
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

  it('answers 503 without any rules, as for a tunnel whose rules are in a file elsewhere', async () => {
    standIn.addRecord({
      type: 'CNAME',
      name: 'student1',
      content: `${standIn.tunnelId}.cfargotunnel.com`,
      proxied: true,
    });
    assert.equal((await get('student1')).resume().statusCode, 503);
    standIn.world.save(standIn.world.tunnel, { ingress: [{ service: 'http_status:204' }] });
    standIn.world.tunnel.source = 'local';
    assert.equal((await get('student1')).resume().statusCode, 503);
  });

  it('answers 502 for a server that is not there, over HTTP and WebSockets', async () => {
    const { service } = await origin(() => undefined);
    origins.pop()?.close();
    publish('student1', service);
    assert.match((await page('student1')).join(' '), /^502 .*does not answer/s);
    const socket = new WebSocket(standIn.edgeUrl.replace('http', 'ws'), { headers: { host: 'student1.localhost' } });
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /502/);
  });

  it('reaches a server on a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edge-'));
    try {
      const path = join(folder, 'app.sock');
      const server = createServer((_request, response) => response.end('socket')).listen(path);
      origins.push(server);
      await once(server, 'listening');
      publish('student1', `unix:${path}`);
      assert.deepEqual(await page('student1'), [200, 'socket']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tells the server who asks, and for what', async () => {
    const { service } = await origin((incoming, response) => response.end(JSON.stringify(incoming.headers)));
    publish('student1', service);
    publish('student2', service, { httpHostHeader: 'localhost:5173' });
    const headersAt = async (name: string) =>
      JSON.parse(
        (await page(name, '/', { headers: { 'x-forwarded-for': '192.0.2.1', 'cf-connecting-ip': 'forged' } }))[1],
      ) as Record<string, string>;
    const first = await headersAt('student1');
    assert.equal(first.host, `student1.localhost:${standIn.edgePort}`);
    assert.equal(first['cf-connecting-ip'], '127.0.0.1');
    assert.equal(first['x-forwarded-for'], '192.0.2.1,127.0.0.1');
    assert.equal(first['x-forwarded-proto'], 'http');
    assert.equal(first['x-forwarded-host'], undefined);
    const second = await headersAt('student2');
    assert.equal(second.host, 'localhost:5173');
    assert.equal(second['x-forwarded-host'], `student2.localhost:${standIn.edgePort}`);
  });

  it('carries WebSockets both ways, and ends them on both sides', async () => {
    const server = await origin((_request, response) => response.end());
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`)),
    );
    publish('student1', server.service);
    const connected = once(sockets, 'connection');
    const client = new WebSocket(standIn.edgeUrl.replace('http', 'ws'), { headers: { host: 'student1.localhost' } });
    await once(client, 'open');
    client.send('hello');
    assert.equal(String(((await once(client, 'message')) as [Buffer])[0]), 'echo hello');
    const [atOrigin] = (await connected) as [WebSocket];
    const closed = once(atOrigin, 'close');
    client.terminate(); // gone without a goodbye
    await closed;
    sockets.close();
  });

  it('closes open WebSockets and streams when it ends', async () => {
    const server = await origin((_request, response) => response.write('begun'));
    const sockets = new WebSocketServer({ server });
    publish('student1', server.service);
    const client = new WebSocket(standIn.edgeUrl.replace('http', 'ws'), { headers: { host: 'student1.localhost' } });
    await once(client, 'open');
    const stream = await get('student1');
    const ends = [once(client, 'close'), assert.rejects(text(stream))];
    await standIn.close();
    await Promise.all(ends);
    sockets.close();
  });

  it('streams server-sent events as they come, their beginning too', async () => {
    let say: (line: string) => void = () => assert.fail('too early');
    let left: Promise<unknown> | undefined;
    const { service } = await origin((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      say = (line) => response.write(line);
      left = once(response, 'close');
    });
    publish('student1', service);
    const response = await get('student1'); // comes before anything was said
    for (const line of ['data: one\n\n', 'data: two\n\n']) {
      say(line);
      assert.equal(String(((await once(response, 'data')) as [Buffer])[0]), line);
    }
    response.destroy();
    await left;
  });

  it('streams large uploads and downloads', async () => {
    const { service } = await origin((incoming, response) => void incoming.pipe(response));
    publish('student1', service);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const response = await get('student1', '/', {
      method: 'POST',
      body: Readable.from(Array.from({ length: 32 }, () => chunk)),
    });
    let size = 0;
    for await (const part of response) size += (part as Buffer).length;
    assert.equal(size, 32 * chunk.length);
  });

  it('breaks off where the server does', async () => {
    const { service } = await origin((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
    });
    publish('student1', service);
    await assert.rejects(text(await get('student1')));
  });
});
