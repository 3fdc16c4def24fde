// Which of a dev server's listening sockets is the site. The student has one port assigned, and many servers take another.
import type { Listener } from '../shell/listeners.ts';
import type { Target } from './forward.ts';

/** What a socket said to `GET /` as a browser asks it. */
export type SniffResult = 'page' | 'http' | 'none';

/** Asks one socket for its page; never rejects, and takes a bounded time. */
export type SniffPort = (target: Target) => Promise<SniffResult>;

/**
 * Where the site is, of all that the processes of one `npm run dev` listen on; undefined while it is nowhere.
 * The assigned port wins unasked, and so does an only candidate: a first page may take a dev server many seconds to make.
 */
export async function findTarget(
  listeners: readonly Listener[],
  assignedPort: number,
  greet: SniffPort,
): Promise<Target | undefined> {
  const candidates = candidateTargets(listeners);
  const obedient = candidates.find(({ port }) => port === assignedPort);
  if (obedient !== undefined || candidates.length <= 1) return obedient ?? candidates[0];
  const greetings = await Promise.all(candidates.map(greet));
  return mostLikely(candidates.map((target, index) => ({ target, greeting: greetings[index] ?? 'none' })));
}

/** One target for each port that loopback reaches and that may be a site, the likeliest first. */
export function candidateTargets(listeners: readonly Listener[]): Target[] {
  const reachable = listeners.filter(({ port, address }) => LOOPBACK.has(address) && !isAside(port));
  const ports = [...new Set(reachable.map(({ port }) => port))].sort((a, b) => likelihood(a) - likelihood(b) || a - b);
  return ports.map((port) => {
    const overIpv4 = reachable.some((listener) => listener.port === port && IPV4.has(listener.address));
    return { port, address: overIpv4 ? '127.0.0.1' : '::1' };
  });
}

/** A page before an answer without one before silence; of equals the likelier port. A server still silent may be busy with its first page. */
export function mostLikely(greeted: readonly { target: Target; greeting: SniffResult }[]): Target | undefined {
  for (const wanted of ['page', 'http', 'none'] as const) {
    const found = greeted.find(({ greeting }) => greeting === wanted);
    if (found !== undefined) return found.target;
  }
  return undefined;
}

const IPV4 = new Set(['127.0.0.1', '0.0.0.0']);
const LOOPBACK = new Set([...IPV4, '::1', '::']);

/** Where dev servers go without PORT, and how far they move on where that is taken: Vite, Next and others, Angular, Astro, webpack, Parcel. */
const USUAL_PORTS = [5173, 3000, 4200, 4321, 8080, 1234, 8000, 5000];
const MOVES_ON = 50;

/** Sockets that are beside a site and never the site: node's inspector (several processes count up), Vite's own WebSocket in middleware mode. */
function isAside(port: number): boolean {
  return (port >= 9229 && port <= 9240) || (port >= 24_678 && port <= 24_690);
}

function likelihood(port: number): number {
  const place = USUAL_PORTS.findIndex((usual) => port >= usual && port < usual + MOVES_ON);
  return place === -1 ? USUAL_PORTS.length : place;
}
