import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { listeners, listensAs } from '../../src/shell/listeners.ts';
import { listenOnFreePort } from '../relay/helpers.ts';

const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const local4 = '0100007F';
const any4 = '00000000';
const any6 = '0'.repeat(32);
const local6 = '00000000000000000000000001000000';
const mapped = '0000000000000000FFFF0000';
const listen = '0A';
const established = '01';

function row(address: string, port: number, uid: number, state = listen): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `   0: ${address}:${hex} ${'0'.repeat(address.length)}:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 4242 1 0000000000000000 100 0 0 10 0\n`;
}

describe('shell/listeners: whose server a connection reaches', () => {
  let procRoot: string;
  beforeEach(async () => {
    procRoot = await mkdtemp(join(tmpdir(), 'relay-proc-'));
    await mkdir(join(procRoot, 'net'));
  });
  afterEach(() => rm(procRoot, { recursive: true }));

  async function tables(tcp: string, tcp6 = ''): Promise<void> {
    await writeFile(join(procRoot, 'net/tcp'), heading + tcp);
    await writeFile(join(procRoot, 'net/tcp6'), heading + tcp6);
  }

  it("tells a user's own listener from another's", async () => {
    await tables(row(local4, 5173, 1001) + row(local4, 5174, 1002));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 5174, '127.0.0.1', procRoot), false);
    assert.equal(listensAs(1001, 5175, '127.0.0.1', procRoot), false);
  });

  it('counts a listener on all addresses, of either family, as one on loopback', async () => {
    await tables(row(any4, 3000, 1001), row(any6, 3001, 1001));
    assert.equal(listensAs(1001, 3000, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 3001, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 3001, '::1', procRoot), true);
    assert.equal(listensAs(1001, 3000, '::1', procRoot), false);
  });

  it("tells another user's listener on all addresses from the user's own", async () => {
    await tables(row(any4, 3000, 1002), row(any6, 3001, 1002));
    assert.equal(listensAs(1001, 3000, '127.0.0.1', procRoot), false);
    assert.equal(listensAs(1001, 3001, '127.0.0.1', procRoot), false);
    assert.equal(listensAs(1001, 3001, '::1', procRoot), false);
  });

  it('uses the most specific listener, as the kernel does', async () => {
    await tables(row(local4, 5173, 1002), row(any6, 5173, 1001) + row(local6, 5173, 1001));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), false);
    assert.equal(listensAs(1001, 5173, '::1', procRoot), true);
  });

  it('counts a listener on an IPv4 address in its IPv6 form', async () => {
    await tables('', row(`${mapped}0100007F`, 3000, 1001) + row(`${mapped}00000000`, 3001, 1001));
    assert.equal(listensAs(1001, 3000, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 3001, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 3001, '::1', procRoot), false);
    assert.deepEqual(
      listeners(procRoot).map(({ address }) => address),
      ['::ffff:127.0.0.1', '::ffff:0.0.0.0'],
    );
  });

  it('needs a listener on exactly the address, if that is not a loopback one', async () => {
    await tables(row(any4, 3000, 1001) + row('020200C0', 3001, 1001), row(`${mapped}020200C0`, 3002, 1001));
    assert.equal(listensAs(1001, 3000, '192.0.2.2', procRoot), false);
    for (const port of [3001, 3002]) {
      assert.equal(listensAs(1001, port, '192.0.2.2', procRoot), true);
      assert.equal(listensAs(1002, port, '192.0.2.2', procRoot), false);
      assert.equal(listensAs(1001, port, '192.0.2.3', procRoot), false);
    }
  });

  it('reads no further than the first connection', async () => {
    await tables(row(local4, 9999, 1002) + row(local4, 8888, 1002, established) + row(local4, 5173, 1001));
    assert.deepEqual(
      listeners(procRoot).map(({ port }) => port),
      [9999],
    );
  });

  it('ignores connections', async () => {
    await tables(row(local4, 9999, 1002) + row(local4, 5173, 1001, established));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), false);
  });

  it('reads tables that need several reads', async () => {
    const others = Array.from({ length: 500 }, (_, index) => row(local4, 10_000 + index, 1002)).join('');
    await tables(others + row(local4, 5173, 1001));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), true);
  });

  it('works without IPv6', async () => {
    await writeFile(join(procRoot, 'net/tcp'), heading + row(local4, 5173, 1001));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 5173, '::1', procRoot), false);
  });

  it('agrees with the real kernel', async () => {
    const server = createServer();
    const port = await listenOnFreePort(server);
    const uid = process.getuid?.() ?? -1;
    try {
      assert.equal(listensAs(uid, port, '127.0.0.1'), true);
      assert.equal(listensAs(uid + 1, port, '127.0.0.1'), false);
      assert.equal(listensAs(uid, port, '::1'), false);
    } finally {
      server.close();
    }
  });
});
