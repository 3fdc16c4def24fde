import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { sendAtOnce } from '../fixtures/eagerSockets.ts';
import { createManualClock } from './manualClock.ts';
import { startVisitor } from './visitor.ts';
import type { Visitor } from './visitor.ts';

describe("stand-in: the edge's limits", () => {
  let visitor: Visitor;
  const clock = createManualClock();

  beforeEach(async () => {
    visitor = await startVisitor({ clock, limits: { bodyBytes: 1_000 } });
  });
  afterEach(() => visitor.close());

  it('cuts a WebSocket that carried nothing for 100 seconds, at both ends', async () => {
    const server = await visitor.origin((_request, response) => response.end());
    const sockets = new WebSocketServer({ server });
    visitor.publish('student1', server.service);
    const connected = once(sockets, 'connection');
    const client = visitor.openSocket('student1');
    await once(client, 'open');
    const [atOrigin] = (await connected) as [WebSocket];
    for (const [sender, receiver] of [
      [client, atOrigin],
      [atOrigin, client],
    ] as const) {
      clock.advance(99_000);
      sender.send('not idle');
      await once(receiver, 'message');
    }
    clock.advance(99_999);
    assert.equal(client.readyState, client.OPEN);
    const closed = [once(client, 'close'), once(atOrigin, 'close')];
    clock.advance(1);
    await Promise.all(closed);
    sockets.close();
  });

  it('carries a first message that comes with the answer', async () => {
    const server = await visitor.origin((_request, response) => response.end());
    sendAtOnce(server, 'first');
    visitor.publish('student1', server.service);
    const client = visitor.openSocket('student1');
    try {
      const [message] = (await once(client, 'message')) as [Buffer];
      assert.equal(message.toString(), 'first');
    } finally {
      client.terminate();
    }
  });

  it('answers 413 to a body over the limit, announced or not, and passes on a smaller one', async () => {
    const { service } = await visitor.origin((incoming, response) => void incoming.pipe(response));
    visitor.publish('student1', service);
    const tooLarge = Buffer.alloc(1_001, 'x');
    const method = 'POST';
    assert.equal((await visitor.get('student1', '/', { method, body: tooLarge })).resume().statusCode, 413);
    const waiting = await visitor.origin((incoming) => void incoming.resume());
    visitor.publish('student2', waiting.service);
    const body = Readable.from([tooLarge]);
    assert.equal((await visitor.get('student2', '/', { method, body })).resume().statusCode, 413);
    const fits = tooLarge.subarray(1);
    assert.deepEqual(await visitor.page('student1', '/', { method, body: fits }), [200, fits.toString()]);
  });
});
