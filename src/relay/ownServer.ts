// Who listens on a port of this machine: the relay speaks to its own user's server and to nobody else's.
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { Agent } from 'node:http';
import type { AgentOptions, ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';

/** A loopback address on which a dev server of this machine may be reached. */
export type LoopbackAddress = '127.0.0.1' | '::1';

/** Thrown instead of a connection where the port is another user's, or nobody's. */
export class NotOwnServerError extends Error {
  readonly code = 'NOT_OWN_SERVER';
  constructor(port: number) {
    super(`Nothing of this user listens on port ${port}.`);
  }
}

/**
 * Whether a connection to this address would be answered by a process of this user.
 * Read from /proc at every call: an answer kept for a second is a second in which somebody else may take the port.
 */
export async function listensAs(uid: number, port: number, address: LoopbackAddress, procRoot = '/proc'): Promise<boolean> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = [
    ...(address === '127.0.0.1' ? await listeningRows(`${procRoot}/net/tcp`) : []),
    ...await listeningRows(`${procRoot}/net/tcp6`),
  ].filter((row) => row.port === wanted);
  for (const name of NAMES[address]) {
    const owners = rows.filter((row) => row.address === name);
    if (owners.length > 0) return owners.every((row) => row.uid === uid);
  }
  return false;
}

/** An agent whose every new connection is made only after `isOwn` has said yes for its port. */
export class OwnServerAgent extends Agent {
  constructor(private readonly isOwn: (port: number, address: LoopbackAddress) => Promise<boolean>, options: AgentOptions) {
    super(options);
  }

  override createConnection(options: ClientRequestArgs, callback?: (error: Error | null, stream: Duplex) => void): Duplex | null | undefined {
    const port = Number(options.port);
    const address = options.host === '::1' ? '::1' : '127.0.0.1';
    // Node's own code takes the error alone; its type asks for a stream that there is none of.
    const refuse = callback as ((error: Error) => void) | undefined;
    this.isOwn(port, address).then(
      (own) => own ? callback?.(null, connect({ host: address, port, noDelay: true, keepAlive: true })) : refuse?.(new NotOwnServerError(port)),
      (error: unknown) => refuse?.(error as Error),
    );
    return undefined;
  }
}

/** The names under which the kernel finds a listener for an address, most specific first, as /proc/net writes them. */
const NAMES: Record<LoopbackAddress, string[]> = endian() === 'LE'
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

const CHUNK = 16 * 1024;

/**
 * The listening sockets of one table. The kernel writes them before all others, so reading stops at the first that is none:
 * a machine with ten thousand open WebSockets costs no more than one with none.
 */
async function listeningRows(table: string): Promise<ListeningRow[]> {
  const file = await open(table).catch(() => undefined); // a machine without IPv6 has no tcp6
  if (file === undefined) return [];
  const rows: ListeningRow[] = [];
  try {
    let rest = '';
    for (const chunk = Buffer.alloc(CHUNK); ;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK);
      if (bytesRead === 0) return rows;
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const fields = line.trim().split(/\s+/);
        const [address = '', port = ''] = (fields[1] ?? '').split(':');
        if (fields[0] === 'sl') continue;
        if (fields[3] !== '0A') return rows;
        rows.push({ address, port, uid: Number(fields[7]) });
      }
    }
  } finally {
    await file.close();
  }
}
