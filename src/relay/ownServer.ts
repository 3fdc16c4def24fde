// Who listens on a port of this machine: the relay speaks to its own user's server and to nobody else's.
import { closeSync, openSync, readSync } from 'node:fs';
import { connect } from 'node:net';
import { Agent } from 'node:http';
import type { AgentOptions, ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';

/** A loopback address on which a dev server of this machine may be reached. */
export type LoopbackAddress = '127.0.0.1' | '::1';

/** Whether a connection to this address would be answered by the relay's own user. */
export type IsOwn = (port: number, address: LoopbackAddress) => boolean;

/** Given instead of a connection where the port is another user's, or nobody's. */
export class NotOwnServerError extends Error {
  readonly code = 'NOT_OWN_SERVER';
  constructor(port: number) {
    super(`Nothing of this user listens on port ${port}.`);
  }
}

/** How long an answer of the kernel is believed, in milliseconds: a page of 500 modules asks once, not 30 times. */
const BELIEVED = 250;

/**
 * An agent whose every new connection is made only after `isOwn` has said yes for its port. When any connection ends, the
 * next one asks again: a server that stops leaves its port to others, and its end is seen before anybody can have taken it.
 */
export class OwnServerAgent extends Agent {
  private believed: { port: number; address: LoopbackAddress; until: number } | undefined;

  constructor(
    private readonly isOwn: IsOwn,
    private readonly now: () => number,
    options: AgentOptions,
  ) {
    super(options);
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | undefined {
    const port = Number(options.port);
    const address = options.host === '::1' ? '::1' : '127.0.0.1';
    if (!this.leadsToOwn(port, address)) {
      // Node's own code takes the error alone; its type asks for a stream that there is none of.
      process.nextTick(callback as (error: Error) => void, new NotOwnServerError(port));
      return undefined;
    }
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true });
    socket.once('close', () => {
      this.believed = undefined;
    });
    return socket;
  }

  private leadsToOwn(port: number, address: LoopbackAddress): boolean {
    const { believed } = this;
    if (believed?.port === port && believed.address === address && this.now() < believed.until) return true;
    const own = this.isOwn(port, address);
    this.believed = own ? { port, address, until: this.now() + BELIEVED } : undefined;
    return own;
  }
}

/** What /proc says now. The most specific listener answers a connection, as in the kernel's own search. */
export function listensAs(uid: number, port: number, address: LoopbackAddress, procRoot = '/proc'): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const [exact, ...wider] = NAMES[address];
  const found = new Map<string, number>();
  for (const table of address === '127.0.0.1' ? ['net/tcp', 'net/tcp6'] : ['net/tcp6']) {
    for (const row of listeningRows(`${procRoot}/${table}`)) {
      if (row.port !== wanted) continue;
      if (row.address === exact) return row.uid === uid;
      found.set(row.address, row.uid);
    }
  }
  const answering = wider.find((name) => found.has(name));
  return answering !== undefined && found.get(answering) === uid;
}

/** The names under which the kernel finds a listener for an address, most specific first, as /proc/net writes them. */
const NAMES: Record<LoopbackAddress, readonly [string, ...string[]]> =
  endian() === 'LE'
    ? {
        '127.0.0.1': ['0100007F', '0000000000000000FFFF00000100007F', '00000000', '0'.repeat(32)],
        '::1': ['00000000000000000000000001000000', '0'.repeat(32)],
      }
    : {
        '127.0.0.1': ['7F000001', '00000000000000000000FFFF7F000001', '00000000', '0'.repeat(32)],
        '::1': ['00000000000000000000000000000001', '0'.repeat(32)],
      };

function endian(): 'LE' | 'BE' {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 'LE' : 'BE';
}

interface ListeningRow {
  address: string;
  port: string;
  uid: number;
}

/** Bytes: one row or two. Asked for more, the kernel walks its whole table of connections, which takes milliseconds. */
const CHUNK = 256;

/**
 * The listening sockets of one table. The kernel writes them before all others, so reading stops at the first that is none:
 * a machine with ten thousand open WebSockets costs no more than one with none. (`listeners()` of shell/ reads whole tables.)
 */
function* listeningRows(table: string): Generator<ListeningRow> {
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch {
    return; // a machine without IPv6 has no tcp6
  }
  try {
    const chunk = Buffer.alloc(CHUNK);
    for (let rest = '', read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const lines = (rest + chunk.toString('latin1', 0, read)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const fields = line.trim().split(/\s+/);
        if (fields[0] === 'sl') continue;
        if (fields[3] !== '0A') return;
        const [address = '', port = ''] = (fields[1] ?? '').split(':');
        yield { address, port, uid: Number(fields[7]) };
      }
    }
  } finally {
    closeSync(file);
  }
}
