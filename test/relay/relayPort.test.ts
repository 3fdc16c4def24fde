import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openRelayPort } from '../../src/relay/relayPort.ts';

describe("the relay's port", () => {
  let folder: string;
  let socket: string;
  let server: Server;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'relay-port-'));
    socket = join(folder, '3000.sock');
    server = createServer({ allowHalfOpen: true }, (visitor) => void visitor.pipe(visitor));
    server.listen(socket);
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function echo(port: number): Promise<string> {
    const visitor = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    visitor.end('hello');
    return text(visitor);
  }

  it('leads to the socket, also after one side has ended', async () => {
    const opened = await openRelayPort(socket, 0);
    assert.equal(await echo(opened.port), 'hello');
    opened.close();
  });

  it('is the preferred one if that is free, else another one', async () => {
    const first = await openRelayPort(socket, 0);
    const second = await openRelayPort(socket, first.port);
    assert.notEqual(second.port, first.port);
    assert.equal(await echo(second.port), 'hello');
    first.close();
    const third = await openRelayPort(socket, first.port);
    assert.equal(third.port, first.port);
    for (const each of [second, third]) each.close();
  });

  it('closes the connection when nothing listens at the socket', async () => {
    const opened = await openRelayPort(join(folder, 'missing.sock'), 0);
    assert.equal(await echo(opened.port).catch(() => ''), '');
    opened.close();
  });
});
