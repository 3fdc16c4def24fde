import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { listensAs } from '../../src/relay/ownServer.ts';
import { listenOnFreePort } from './helpers.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const LOCAL4 = '0100007F';
const ANY4 = '00000000';
const ANY6 = '0'.repeat(32);
const LOCAL6 = '00000000000000000000000001000000';
const LISTEN = '0A';
const ESTABLISHED = '01';

function row(address: string, port: number, uid: number, state = LISTEN): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `   0: ${address}:${hex} ${'0'.repeat(address.length)}:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 4242 1 0000000000000000 100 0 0 10 0\n`;
}

describe('relay/ownServer', () => {
  let procRoot: string;
  beforeEach(async () => {
    procRoot = await mkdtemp(join(tmpdir(), 'relay-proc-'));
    await mkdir(join(procRoot, 'net'));
  });
  afterEach(() => rm(procRoot, { recursive: true }));

  async function tables(tcp: string, tcp6 = ''): Promise<void> {
    await writeFile(join(procRoot, 'net/tcp'), HEAD + tcp);
    await writeFile(join(procRoot, 'net/tcp6'), HEAD + tcp6);
  }

  it("knows its own user's listener from another's", async () => {
    await tables(row(LOCAL4, 5173, 1001) + row(LOCAL4, 5174, 1002));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 5174, '127.0.0.1', procRoot), false);
    assert.equal(listensAs(1001, 5175, '127.0.0.1', procRoot), false);
  });

  it('takes a listener on all addresses, of either family, for one on the loopback', async () => {
    await tables(row(ANY4, 3000, 1001), row(ANY6, 3001, 1001));
    assert.equal(listensAs(1001, 3000, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 3001, '127.0.0.1', procRoot), true);
    assert.equal(listensAs(1001, 3001, '::1', procRoot), true);
    assert.equal(listensAs(1001, 3000, '::1', procRoot), false);
  });

  it('believes the most specific listener, as the kernel does', async () => {
    await tables(row(LOCAL4, 5173, 1002), row(ANY6, 5173, 1001) + row(LOCAL6, 5173, 1001));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), false);
    assert.equal(listensAs(1001, 5173, '::1', procRoot), true);
  });

  it('does not take a connection for a listener', async () => {
    await tables(row(LOCAL4, 9999, 1002) + row(LOCAL4, 5173, 1001, ESTABLISHED));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), false);
  });

  it('reads tables that are longer than one read', async () => {
    const others = Array.from({ length: 500 }, (_, index) => row(LOCAL4, 10_000 + index, 1002)).join('');
    await tables(others + row(LOCAL4, 5173, 1001));
    assert.equal(listensAs(1001, 5173, '127.0.0.1', procRoot), true);
  });

  it('works where there is no IPv6', async () => {
    await writeFile(join(procRoot, 'net/tcp'), HEAD + row(LOCAL4, 5173, 1001));
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
