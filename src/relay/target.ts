// Chooses the site among a dev server's listening sockets: the student has one port assigned, and many servers take another.
import type { Listener, LocalAddress } from '../shell/listeners.ts';
import { devServers } from './devServers.ts';
import type { Target } from './forward.ts';

/** The kind of server behind a socket: one with a page, HTTP without a page, a debugger, or none that speaks HTTP. */
export type SniffResult = 'page' | 'http' | 'debugger' | 'none';

/** Asks one socket. Never rejects, and takes a bounded time. */
export type SniffPort = (target: Target) => Promise<SniffResult>;

/**
 * Finds the site among all the sockets that the processes of one command listen on. A page beats an API; the assigned port
 * wins among equals, and while it is silent, because a dev server may need many seconds for its first page. Any other port has
 * to speak HTTP first: it may be a debugger's, through which a visitor could run programs.
 * @param mayGrow another program of the command may begin to listen soon: an API does not yet count as the site
 * @returns undefined when no candidate listens, or the site is still to come
 */
export async function findTarget(
  listeners: readonly Listener[],
  assignedPort: number,
  sniff: SniffPort,
  mayGrow = false,
): Promise<Target | undefined> {
  const candidates = candidateTargets(listeners);
  const assigned = candidates.find(({ port }) => port === assignedPort);
  if (assigned && candidates.length === 1 && !mayGrow) return assigned;
  const results = new Map(await Promise.all(candidates.map(async (target) => [target, await sniff(target)] as const)));
  if (assigned && results.get(assigned) === 'none') return assigned;
  const first = (result: SniffResult): Target | undefined =>
    [assigned, ...candidates].find((target) => target && results.get(target) === result);
  return first('page') ?? (mayGrow ? undefined : first('http'));
}

/** One target for each port that may be a site, the likeliest first. */
export function candidateTargets(listeners: readonly Listener[]): Target[] {
  return candidatesOf(listeners.filter(({ port }) => !isBesideSite(port)));
}

/** One target for each port of listeners that can be reached. */
export function candidatesOf(listeners: readonly Listener[]): Target[] {
  const reachable = listeners.filter(({ address }) => isReachable(address));
  const ports = [...new Set(reachable.map(({ port }) => port))].sort((a, b) => rank(a) - rank(b) || a - b);
  return ports.map((port) => {
    const addresses = reachable.filter((listener) => listener.port === port).map(({ address }) => address);
    return { port, address: addressToReach(addresses) };
  });
}

/** A socket for IPv6 may have an IPv4 address in its mapped form, as Java's do. */
const ipv4 = new Set(['127.0.0.1', '0.0.0.0', '::ffff:127.0.0.1', '::ffff:0.0.0.0']);
const loopback = new Set([...ipv4, '::1', '::']);

/** The best of the addresses on which one port listens. */
function addressToReach(addresses: readonly string[]): LocalAddress {
  if (addresses.some((address) => ipv4.has(address))) return '127.0.0.1';
  const [other = '::1'] = addresses.filter((address) => !loopback.has(address));
  return addresses.some((address) => loopback.has(address)) ? '::1' : other.replace('::ffff:', '');
}

/** Whether a socket that listens on this address is reached at `localhost`. */
export function isLoopback(address: string): boolean {
  return loopback.has(address);
}

/** Whether the relay can connect to this address: to one of a single link (`fe80::…`) only beside the link's name. */
function isReachable(address: string): boolean {
  return !/^fe[89ab]/i.test(address);
}

/** The usual ports of node's inspector; several processes count up. A debugger on any other is found by its response. */
const inspectorPorts = [9229, 9240] as const;
/** The servers that tell livereload's script of changes. */
const livereloadPorts = [35_729, 35_739] as const;

function isBesideSite(port: number): boolean {
  const ranges = [
    inspectorPorts,
    livereloadPorts,
    ...devServers.flatMap(({ portsBeside }) => (portsBeside ? [portsBeside] : [])),
  ];
  return ranges.some(([first, last]) => port >= first && port <= last);
}

/** The defaults of the table's rows, then those of Python's and other servers. */
const usualPorts = [...devServers.map(({ port }) => port), 8000, 5000];
/** How far a server may count up from its default port. */
const countsUp = 50;

function rank(port: number): number {
  const place = usualPorts.findIndex((usual) => port >= usual && port < usual + countsUp);
  return place === -1 ? usualPorts.length : place;
}
