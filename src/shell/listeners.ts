// Which TCP sockets listen on this machine, and whose they are. See processes.ts for how /proc is read, and for `procRoot`.
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { readFolder, readLink, readText } from './procFiles.ts';

/** A TCP socket that listens in this process's network namespace. */
export interface Listener {
  readonly port: number;
  /** The user who opened it. */
  readonly uid: number;
  readonly inode: number;
  /** `127.0.0.1`, `0.0.0.0`, `::1`, `::` … */
  readonly address: string;
}

/** All listening TCP sockets, of every user: the kernel's tables hide nobody's. */
export function listeners(procRoot = '/proc'): Listener[] {
  return [
    ...listenersIn(readText(join(procRoot, 'net', 'tcp')), 'ipv4'),
    ...listenersIn(readText(join(procRoot, 'net', 'tcp6')), 'ipv6'),
  ];
}

/** The listening sockets that one of these processes has open. A process of another user shows none. */
export function listenersOf(pids: readonly number[], procRoot = '/proc'): Listener[] {
  const inodes = new Set(pids.flatMap((pid) => socketInodes(pid, procRoot)));
  return inodes.size === 0 ? [] : listeners(procRoot).filter(({ inode }) => inodes.has(inode));
}

const LISTEN = '0A';

function listenersIn(table: string | undefined, family: 'ipv4' | 'ipv6'): Listener[] {
  const rows = (table ?? '')
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([, local, , state, , , , uid, , inode]) => {
    const [address, port] = local?.split(':') ?? [];
    if (state !== LISTEN || address === undefined || port === undefined) return [];
    return [
      { port: parseInt(port, 16), uid: Number(uid), inode: Number(inode), address: addressText(address, family) },
    ];
  });
}

/** The kernel prints an address as 32-bit numbers in the machine's own byte order. */
function addressText(hex: string, family: 'ipv4' | 'ipv6'): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, 'hex'));
  const bytes = Buffer.concat(endianness() === 'LE' ? words.map((word) => word.reverse()) : words);
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
