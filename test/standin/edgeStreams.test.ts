import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { startVisitor } from './visitor.ts';
import type { Visitor } from './visitor.ts';

describe('stand-in: streams through the edge', () => {
  let visitor: Visitor;

  beforeEach(async () => {
    visitor = await startVisitor();
  });
  afterEach(() => visitor.close());

  it("carries WebSockets in both directions, and closes the server's end when the visitor is gone", async () => {
    const server = await visitor.origin((_request, response) => response.end());
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`)),
    );
    visitor.publish('student1', server.service);
    const connected = once(sockets, 'connection');
    const client = visitor.openSocket('student1');
    await once(client, 'open');
    client.send('hello');
    assert.equal(String(((await once(client, 'message')) as [Buffer])[0]), 'echo hello');
    const [atOrigin] = (await connected) as [WebSocket];
    const closed = once(atOrigin, 'close');
    client.terminate(); // gone without a goodbye
    await closed;
    sockets.close();
  });

  it('closes open WebSockets and streams when the stand-in ends', async () => {
    const server = await visitor.origin((_request, response) => response.write('begun'));
    const sockets = new WebSocketServer({ server });
    visitor.publish('student1', server.service);
    const client = visitor.openSocket('student1');
    await once(client, 'open');
    const stream = await visitor.get('student1');
    const ends = [once(client, 'close'), assert.rejects(text(stream))];
    await visitor.standIn.close();
    await Promise.all(ends);
    sockets.close();
  });

  it('streams server-sent events as they come, and the headers before them', async () => {
    let say: (line: string) => void = () => assert.fail('too early');
    let left: Promise<unknown> | undefined;
    const { service } = await visitor.origin((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      say = (line) => response.write(line);
      left = once(response, 'close');
    });
    visitor.publish('student1', service);
    const response = await visitor.get('student1'); // comes before anything was said
    for (const line of ['data: one\n\n', 'data: two\n\n']) {
      say(line);
      assert.equal(String(((await once(response, 'data')) as [Buffer])[0]), line);
    }
    response.destroy();
    await left;
  });

  it('streams large uploads and downloads', async () => {
    const { service } = await visitor.origin((incoming, response) => void incoming.pipe(response));
    visitor.publish('student1', service);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const response = await visitor.get('student1', '/', {
      method: 'POST',
      body: Readable.from(Array.from({ length: 32 }, () => chunk)),
    });
    let size = 0;
    for await (const part of response) size += (part as Buffer).length;
    assert.equal(size, 32 * chunk.length);
  });

  it('aborts an answer that the server aborts', async () => {
    const { service } = await visitor.origin((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
    });
    visitor.publish('student1', service);
    await assert.rejects(text(await visitor.get('student1')));
  });
});
