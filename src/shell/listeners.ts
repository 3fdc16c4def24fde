// Which TCP sockets listen in this network namespace, and which user opened them: the only reader of /proc/net/tcp (see proc_net(5)).
import { isIPv4, SocketAddress } from 'node:net';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { readFolder, readLines, readLink } from './procFiles.ts';

interface ListeningSocket {
  readonly port: number;
  /** The user who opened it. */
  readonly uid: number;
  readonly inode: number;
}

export interface Listener extends ListeningSocket {
  /** `127.0.0.1`, `0.0.0.0`, `::1`, `::`, … */
  readonly address: string;
}

/** An IP address of this machine, as `Listener` has it: `127.0.0.1`, `::1`, `192.0.2.2`, … */
export type LocalAddress = string;

type Family = 'ipv4' | 'ipv6';

/** All listening TCP sockets, of every user. */
export function listeners(procRoot = '/proc'): Listener[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) =>
    [...rows(procRoot, family)].map(({ hex, ...socket }) => ({ ...socket, address: addressText(hex, family) })),
  );
}

/** The listening sockets that these processes have open. Those of another user's process are not visible. */
export function listenersOf(pids: readonly number[], procRoot = '/proc'): Listener[] {
  const inodes = new Set(pids.flatMap((pid) => socketInodes(pid, procRoot)));
  return inodes.size === 0 ? [] : listeners(procRoot).filter(({ inode }) => inodes.has(inode));
}

/**
 * Whether a connection to this address and port would be accepted by a socket that `uid` opened. Of several listeners on
 * the port, the most specific one accepts it, as in the kernel's own search.
 */
export function listensAs(uid: number, port: number, address: LocalAddress, procRoot = '/proc'): boolean {
  const known = accepting.get(address);
  if (known === undefined) return listensAlone(uid, port, address, procRoot);
  const [exact, ...wider] = known;
  const owners = new Map<string, number>();
  for (const family of isIPv4(address) ? (['ipv4', 'ipv6'] as const) : (['ipv6'] as const)) {
    for (const row of rows(procRoot, family)) {
      if (row.port !== port) continue;
      if (row.hex === exact) return row.uid === uid;
      owners.set(row.hex, row.uid);
    }
  }
  const answering = wider.find((hex) => owners.has(hex));
  return answering !== undefined && owners.get(answering) === uid;
}

/** For an address other than the two of loopback: whether `uid` listens on that address, and not on all. */
function listensAlone(uid: number, port: number, address: LocalAddress, procRoot: string): boolean {
  const spellings = [address, `::ffff:${address}`];
  const found = listeners(procRoot).filter((row) => row.port === port && spellings.includes(row.address));
  return found.length > 0 && found.every((row) => row.uid === uid);
}

/** The table writes an address as 32-bit numbers in the machine's own byte order. */
const word = (bigEndian: string): string =>
  endianness() === 'BE' ? bigEndian : Buffer.from(bigEndian, 'hex').reverse().toString('hex').toUpperCase();

const mapped = `${'0'.repeat(16)}${word('0000FFFF')}`;
const anyIpv6 = '0'.repeat(32);

/** The addresses of listeners that accept a connection to each loopback address, as the tables write them, the most specific first. */
const accepting: ReadonlyMap<LocalAddress, readonly string[]> = new Map([
  ['127.0.0.1', [word('7F000001'), mapped + word('7F000001'), '00000000', `${mapped}00000000`, anyIpv6]],
  ['::1', [`${'0'.repeat(24)}${word('00000001')}`, anyIpv6]],
]);

const tables = { ipv4: 'tcp', ipv6: 'tcp6' } as const;
const listen = '0A';
/** Bytes of one or two rows. Asked for more, the kernel walks its whole table of connections first. */
const chunkBytes = 256;

/** The kernel writes listening sockets before all others, so reading stops at the first connection. No IPv6 means no tcp6. */
function* rows(procRoot: string, family: Family): Generator<ListeningSocket & { readonly hex: string }> {
  for (const line of readLines(join(procRoot, 'net', tables[family]), chunkBytes)) {
    const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/);
    const [hex, port] = local.split(':');
    if (hex === undefined || port === undefined) continue; // the heading
    if (state !== listen) return;
    yield { hex, port: parseInt(port, 16), uid: Number(uid), inode: Number(inode) };
  }
}

function addressText(hex: string, family: Family): string {
  const bytes = Buffer.from((hex.match(/.{8}/g) ?? []).map(word).join(''), 'hex');
  if (family === 'ipv4') return bytes.join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return new SocketAddress({ family, address: groups.join(':') }).address;
}

function socketInodes(pid: number, procRoot: string): number[] {
  const folder = join(procRoot, String(pid), 'fd');
  return readFolder(folder).flatMap((name) => {
    const inode = /^socket:\[(\d+)\]$/.exec(readLink(join(folder, name)) ?? '')?.[1];
    return inode === undefined ? [] : [Number(inode)];
  });
}
