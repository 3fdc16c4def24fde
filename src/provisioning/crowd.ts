import { requestTime } from './queue.ts';

/** How a crowd becomes one round; milliseconds but for `front`. */
export const crowd = {
  /** The blink for which a request that is alone waits, in which the rest of a class would begin to arrive. */
  alone: 50,
  /** A round waits until nobody has come for a while (see `quietAfter`), but at least, and at most, for so long. */
  shortestQuiet: 100, longestQuiet: 1_500, quietForEach: 20,
  /** The longest gathering. A large crowd is given longer, within its patience: it takes its processes long to start. */
  longest: 2_000, longestForEach: 80, ofPatience: 0.6,
  /** What arrived longer ago says nothing of those who come now. */
  recent: 5_000,
  /** How many of the oldest contend for the lock, and how much later each further one of them does. */
  front: 3, standBack: 3,
} as const;

/**
 * How long to wait before the next round, in milliseconds. Pure. Every round costs the same number of calls, and the same time,
 * however many it serves. `since` is when the waiting began (milliseconds since 1970), `patience` how long a request waits without
 * any progress (milliseconds).
 */
export function gatherFor(ids: readonly string[], now: number, since: number, patience: number): number {
  const recent = ids.map(requestTime).filter((time) => time <= now && time > now - crowd.recent);
  if (recent.length === 0) return 0;
  const newest = Math.max(...recent);
  const longest = Math.min(crowd.longest + crowd.longestForEach * recent.length, crowd.ofPatience * patience);
  return Math.max(0, Math.min(newest + quietAfter(recent, newest), since + longest) - now);
}

/**
 * A slow machine starts a class's processes one after the other, so what is quiet is seen by the gaps between them. Where n come at
 * random, the longest gap to be expected among them is ln n times the usual one: one usual gap after that, the last has probably come.
 */
function quietAfter(times: readonly number[], newest: number): number {
  if (times.length < 2) return crowd.alone;
  const usualGap = (newest - Math.min(...times)) / (times.length - 1);
  const most = Math.min(crowd.longestQuiet, crowd.shortestQuiet + crowd.quietForEach * times.length);
  return Math.min(Math.max((1 + Math.log(times.length)) * usualGap, crowd.shortestQuiet), most);
}

/** Is this request among the oldest, which contend for the lock? Of a whole crowd that tries at once all but one try in vain. */
export function isInFront(ids: readonly string[], id: string): boolean {
  return ids.indexOf(id) < crowd.front;
}

/** How long a request lets older ones go first, in milliseconds; nobody is let go first by one who is alone. */
export function standBackFor(ids: readonly string[], id: string): number {
  return ids.length < 2 ? 0 : (1 + Math.min(Math.max(0, ids.indexOf(id)), crowd.front)) * crowd.standBack;
}
