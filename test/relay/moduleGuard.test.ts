import assert from 'node:assert/strict';
import { once } from 'node:events';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { ModuleGuard } from '../../src/relay/moduleGuard.ts';
import type { Blocked } from '../../src/relay/relay.ts';
import type { ShieldPart } from '../../src/relay/shield.ts';
import { echo, SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

const invoke = JSON.stringify({
  type: 'custom',
  event: 'vite:invoke',
  data: { name: 'fetchModule', id: 'send:1', data: ['file:///etc/passwd?raw'] },
});

/** A masked frame, as browsers send them. */
function frame(payload: Buffer, { opcode = 1, isFinal = true, coded = false } = {}): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const length =
    payload.length < 126
      ? [0x80 | payload.length]
      : payload.length < 65_536
        ? [0x80 | 126, payload.length >> 8, payload.length & 0xff]
        : [0x80 | 127, 0, 0, 0, 0, 0, payload.length >> 16, (payload.length >> 8) & 0xff, payload.length & 0xff];
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | (coded ? 0x40 : 0) | opcode, ...length]), mask, masked]);
}

/** The bytes that pass the guard, cut into chunks; undefined if it refuses them. */
async function pass(bytes: Buffer, chunk = bytes.length): Promise<Buffer | undefined> {
  const guard = new ModuleGuard();
  for (let at = 0; at < bytes.length; at += chunk) guard.write(bytes.subarray(at, at + chunk));
  guard.end();
  return guard.toArray().then(
    (chunks) => Buffer.concat(chunks as Buffer[]),
    () => undefined,
  );
}

describe('relay/moduleGuard', () => {
  it('passes every message of a page on unchanged, wherever it is cut', async () => {
    const payload = fc.oneof(
      fc.constantFrom('{"type":"custom","event":"vite:client:connect"}', '{"type":"ping"}', 'null', 'vite:invoke'),
      fc.string({ maxLength: 200 }),
    );
    const message = fc.record({ payload, opcode: fc.constantFrom(1, 2), cut: fc.nat(200), ping: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 4 }),
        fc.integer({ min: 1, max: 60 }),
        async (messages, chunk) => {
          const bytes = messages.map(({ payload, opcode, cut, ping }) => {
            const data = Buffer.from(payload);
            const first = frame(data.subarray(0, cut), { opcode, isFinal: false });
            const last = frame(data.subarray(cut), { opcode: 0 });
            return {
              data: [first, last],
              all: ping ? [first, frame(Buffer.alloc(0), { opcode: 9 }), last] : [first, last],
            };
          });
          const passed = await pass(Buffer.concat(bytes.flatMap(({ all }) => all)), chunk);
          const expected = bytes.flatMap(({ data, all }) => [...all.filter((one) => !data.includes(one)), ...data]);
          assert.deepEqual(passed, Buffer.concat(expected));
        },
      ),
    );
  });

  for (const [what, bytes] of [
    ['as text', frame(Buffer.from(invoke))],
    ['as bytes', frame(Buffer.from(invoke), { opcode: 2 })],
    ['with an escaped name', frame(Buffer.from(invoke.replace('vite:', '\\u0076ite\\u003a')))],
    ['in a long frame', frame(Buffer.from(invoke.replace('{', `{"a":"${'x'.repeat(70_000)}",`)))],
    [
      'in pieces',
      Buffer.concat([
        frame(Buffer.from(invoke.slice(0, 30)), { isFinal: false }),
        frame(Buffer.alloc(0), { opcode: 9 }),
        frame(Buffer.from(invoke.slice(30)), { opcode: 0 }),
      ]),
    ],
    ['that is compressed', frame(Buffer.from('x'), { coded: true })],
    ['too long to read', frame(Buffer.alloc(70_000), { isFinal: false })],
  ] as const) {
    it(`refuses a request for a module ${what}`, async () => {
      const before = frame(Buffer.from('{"type":"ping"}'));
      const all = what.startsWith('too long') ? Buffer.concat(Array(16).fill(bytes)) : bytes;
      assert.equal(await pass(Buffer.concat([before, all])), undefined);
    });
  }

  it('refuses a message of any number of empty frames, which would fill the memory', async () => {
    const empty = frame(Buffer.alloc(0), { isFinal: false });
    const all = Buffer.concat([...Array<Buffer>(200_000).fill(empty), frame(Buffer.from('{}'), { opcode: 0 })]);
    assert.equal(await pass(all, 65_536), undefined);
  });

  describe('in the relay', () => {
    let harness: RelayHarness;
    let blocked: Blocked[];
    let received: string[];
    const start = async (allow: ShieldPart[] = []): Promise<void> => {
      [blocked, received] = [[], []];
      harness = await startHarness(echo, { allow: new Set(allow), onBlocked: (one) => blocked.push(one) });
      const server = new WebSocketServer({ server: harness.server, perMessageDeflate: true });
      server.on('connection', (socket) =>
        socket.on('message', (data: Buffer) => {
          received.push(data.toString());
          socket.send('answer');
        }),
      );
    };
    afterEach(() => harness.close());

    async function open(protocol: string[]): Promise<WebSocket> {
      const socket = new WebSocket(`ws://127.0.0.1:${harness.relayPort}/`, protocol, { headers: { host: SITE.host } });
      await once(socket, 'open');
      return socket;
    }

    it('closes the WebSocket of Vite that asks for a module, and reports it', async () => {
      await start();
      const visitor = await open(['vite-hmr']);
      const answered = once(visitor, 'message');
      visitor.send('{"type":"ping"}');
      await answered;
      visitor.send(invoke);
      await once(visitor, 'close');
      assert.deepEqual(received, ['{"type":"ping"}']);
      assert.deepEqual(blocked, [{ part: 'filesOutsideProject', target: 'vite:invoke' }]);
    });

    it("leaves other WebSockets alone, and Vite's where the teacher allows it", async () => {
      for (const [protocol, allow] of [
        [[], []],
        [['vite-hmr'], ['filesOutsideProject']],
      ] as const) {
        await start([...allow]);
        const visitor = await open([...protocol]);
        const answered = once(visitor, 'message');
        visitor.send(invoke);
        await answered;
        assert.deepEqual([received, blocked], [[invoke], []]);
        visitor.terminate();
        harness.close();
      }
    });
  });
});
