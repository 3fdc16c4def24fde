import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';
import type { StandInOptions } from '../../standin/standIn.ts';
import { createManualClock } from './manualClock.ts';
import { startVisitor } from './visitor.ts';
import type { Visitor } from './visitor.ts';

describe('stand-in: the connector', () => {
  let visitor: Visitor;
  const clock = createManualClock();
  const start = async (options: StandInOptions = {}): Promise<Visitor> => (visitor = await startVisitor(options));

  afterEach(() => visitor.close());

  const statusOf = async (name: string) => (await visitor.get(name)).resume().statusCode;

  it('serves a rule only once the configuration has travelled from the API to the connector', async () => {
    await start({ clock, pushDelayMs: () => 2_000 });
    visitor.publish('student1', 'http_status:204');
    const { connector, version } = visitor.standIn.world.tunnel;
    assert.deepEqual([version, connector.version], [1, -1]);
    assert.equal(await statusOf('student1'), 503);
    clock.advance(1_999);
    assert.equal(await statusOf('student1'), 503);
    clock.advance(1);
    assert.equal(await statusOf('student1'), 204);
    assert.equal(connector.version, 1);
  });

  it('ignores a configuration that arrives after a later one', async () => {
    const delays = [2_000, 1_000];
    await start({ clock, pushDelayMs: () => delays.shift() ?? 0 });
    visitor.publish('student1', 'http_status:201');
    visitor.publish('student2', 'http_status:202');
    clock.advance(2_000);
    assert.equal(visitor.standIn.world.tunnel.connector.version, 2);
    assert.equal(await statusOf('student2'), 202);
  });

  it('keeps the old configuration when one originRequest value is wrong, although the API answers 200', async () => {
    await start();
    visitor.publish('student1', 'http_status:204');
    const { tunnel } = visitor.standIn.world;
    visitor.publish('student2', 'http_status:204', { connectTimeout: '30s' });
    assert.deepEqual([tunnel.version, tunnel.connector.version], [2, 1]);
    assert.equal(await statusOf('student1'), 204);
    assert.equal(await statusOf('student2'), 404);
    assert.match(tunnel.connector.refused[0]?.reason ?? '', /connectTimeout/);
    visitor.standIn.world.saveInDashboard((config) => ({ ingress: config.ingress.slice(1) }));
    assert.equal(tunnel.connector.version, 3);
  });

  it('fails on WebSockets to a Unix socket over http2, and carries them over quic', async () => {
    await start();
    const server = await visitor.origin((_request, response) => response.end('page'), 'socket');
    const sockets = new WebSocketServer({ server });
    visitor.publish('student1', server.service);
    const { connector } = visitor.standIn.world.tunnel;
    connector.protocol = 'http2';
    const [error] = (await once(visitor.openSocket('student1'), 'error')) as [Error];
    assert.match(error.message, /502/);
    assert.deepEqual(await visitor.page('student1'), [200, 'page']);
    connector.protocol = 'quic';
    const client = visitor.openSocket('student1');
    await once(client, 'open');
    client.terminate();
    sockets.close();
  });

  it('carries WebSockets to a TCP port over http2', async () => {
    await start();
    const server = await visitor.origin((_request, response) => response.end());
    const sockets = new WebSocketServer({ server });
    visitor.publish('student1', server.service);
    visitor.standIn.world.tunnel.connector.protocol = 'http2';
    const client = visitor.openSocket('student1');
    await once(client, 'open');
    client.terminate();
    sockets.close();
  });

  it('sends requests for several hosts over one connection to their service', async () => {
    await start();
    const ports = new Set<number | undefined>();
    const { service } = await visitor.origin(({ headers, socket }, response) => {
      ports.add(socket.remotePort);
      response.end(headers.host);
    });
    visitor.standIn.world.tunnel.connector.protocol = 'http2';
    for (const name of ['student1', 'student2', 'student3']) {
      visitor.publish(name, service);
      assert.match((await visitor.page(name))[1], new RegExp(`^${name}\\.`));
    }
    assert.equal(ports.size, 1);
  });

  it('answers 1033 while it is down, then 503 until its configuration has arrived', async () => {
    let delay = 0;
    await start({ clock, pushDelayMs: () => delay });
    const { world } = visitor.standIn;
    visitor.publish('student1', 'http_status:204');
    delay = 1_000;
    world.stopConnector();
    assert.match((await visitor.page('student1')).join(' '), /^530 .*Error 1033/s);
    world.startConnector();
    assert.equal(await statusOf('student1'), 503);
    clock.advance(1_000);
    assert.equal(await statusOf('student1'), 204);
  });

  it('cuts everything that it carries when it ends', async () => {
    await start();
    const server = await visitor.origin((_request, response) => response.write('begun'));
    const sockets = new WebSocketServer({ server });
    visitor.publish('student1', server.service);
    const client = visitor.openSocket('student1');
    await once(client, 'open');
    const ends = [once(client, 'close'), assert.rejects(text(await visitor.get('student1')))];
    visitor.standIn.world.stopConnector();
    await Promise.all(ends);
    sockets.close();
  });

  it('leaves open WebSockets alone when the configuration changes, and when their rule is removed', async () => {
    await start();
    const server = await visitor.origin((_request, response) => response.end());
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data.toString())));
    visitor.publish('student1', server.service);
    const client = visitor.openSocket('student1');
    await once(client, 'open');
    visitor.standIn.world.saveInDashboard((config) => ({ ingress: config.ingress.slice(-1) }));
    assert.equal(await statusOf('student1'), 404);
    client.send('still here');
    assert.equal(String(((await once(client, 'message')) as [Buffer])[0]), 'still here');
    client.terminate();
    sockets.close();
  });
});
