import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { FrameReader, silence } from '../../src/relay/webSocketPing.ts';
import type { StartTimer } from '../../src/relay/webSocketPing.ts';
import { echo, SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

const ping = Buffer.from([0x89, 0]);

function frame(length: number, { masked = false, opcode = 2 } = {}): Buffer {
  const mask = masked ? 0x80 : 0;
  const header = [0x80 | opcode];
  if (length < 126) header.push(mask | length);
  else if (length < 65_536) header.push(mask | 126, length >> 8, length & 0xff);
  else header.push(mask | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return Buffer.concat([Buffer.from(header), Buffer.alloc((masked ? 4 : 0) + length, 0x88)]);
}

describe('relay/webSocketPing: frames', () => {
  it('finds each boundary, wherever chunks are cut', () => {
    const frames = fc.array(fc.record({ length: fc.constantFrom(0, 1, 2, 125, 126, 127, 300), masked: fc.boolean() }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 50 }), (specs, size) => {
        const parts = specs.map(({ length, masked }) => frame(length, { masked }));
        const bytes = Buffer.concat(parts);
        const ends = new Set(parts.map((_, index) => Buffer.concat(parts.slice(0, index + 1)).length));
        const reader = new FrameReader();
        for (let at = 0; at < bytes.length; at += size) {
          reader.read(bytes.subarray(at, at + size));
          assert.equal(reader.isAtBoundary, ends.has(Math.min(at + size, bytes.length)));
        }
      }),
    );
  });

  it('reads lengths of 64 bits', () => {
    const reader = new FrameReader();
    const bytes = frame(70_000);
    reader.read(bytes.subarray(0, -1));
    assert.equal(reader.isAtBoundary, false);
    reader.read(bytes.subarray(-1));
    assert.equal(reader.isAtBoundary, true);
  });

  it('has no boundary after a close frame', () => {
    const reader = new FrameReader();
    reader.read(frame(2, { opcode: 8 }));
    assert.equal(reader.isAtBoundary, false);
  });
});

describe('relay/webSocketPing: a silent WebSocket', () => {
  let harness: RelayHarness;
  let fire: () => void;
  let refreshed: number;
  let cancelled: Promise<void>;
  let visitor: Socket;
  let server: Socket;
  beforeEach(async () => {
    refreshed = 0;
    let cancel = (): void => undefined;
    cancelled = new Promise((resolve) => {
      cancel = resolve;
    });
    const startTimer: StartTimer = (callback, milliseconds) => {
      assert.equal(milliseconds, silence);
      fire = callback;
      return { refresh: () => (refreshed += 1), cancel };
    };
    harness = await startHarness(echo, { startTimer });
    const opened = once(harness.server, 'upgrade') as Promise<[IncomingMessage, Socket]>;
    const sent = request({
      host: '127.0.0.1',
      port: harness.relayPort,
      headers: { host: SITE.host, connection: 'Upgrade', upgrade: 'websocket' },
    });
    sent.end();
    const accepted = once(sent, 'upgrade') as Promise<[IncomingMessage, Socket]>;
    [, server] = await opened;
    server.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    [, visitor] = await accepted;
  });
  afterEach(() => {
    visitor.destroy();
    server.destroy();
    harness.close();
  });

  async function received(bytes: number): Promise<Buffer> {
    let data = Buffer.alloc(0);
    while (data.length < bytes) {
      const [chunk] = (await once(visitor, 'data')) as [Buffer];
      data = Buffer.concat([data, chunk]);
    }
    return data;
  }

  it('gets a ping, and another after the same time', async () => {
    for (const round of [1, 2]) {
      const data = received(ping.length);
      fire();
      assert.deepEqual(await data, ping);
      assert.equal(refreshed, round);
    }
  });

  it('gets no ping inside a frame', async () => {
    const message = frame(10);
    const beginning = received(5);
    server.write(message.subarray(0, 5));
    await beginning;
    fire();
    const rest = received(message.length - 5);
    server.write(message.subarray(5));
    assert.deepEqual(await rest, message.subarray(5));
    const data = received(ping.length);
    fire();
    assert.deepEqual(await data, ping);
  });

  it('starts the time again with data from either side', async () => {
    const data = received(frame(1).length);
    server.write(frame(1));
    await data;
    assert.equal(refreshed, 1);
    const arrived = once(server, 'data');
    visitor.write(frame(1, { masked: true }));
    await arrived;
    assert.equal(refreshed, 2);
  });

  it('has no timer once it is closed', async () => {
    server.on('end', () => server.end()).resume();
    visitor.destroy();
    await cancelled;
  });
});
