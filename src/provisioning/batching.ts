import { requestTime } from './queue.ts';

/** How a crowd becomes one round; milliseconds but for `ofPatience`, `large`, `rounds` and `front`. */
export const crowd = {
  /** The blink for which a request that is alone waits, in which the rest of a class would begin to arrive. */
  alone: 50,
  /** A round waits until nobody has come for a while (see `quietAfter`), but at least, and at most, for so long. */
  shortestQuiet: 100,
  longestQuiet: 1_500,
  quietForEach: 20,
  /** The longest gathering. A large crowd is given longer, within its patience: it takes its processes long to start. */
  longest: 2_000,
  longestForEach: 80,
  ofPatience: 0.8,
  /** What arrived longer ago says nothing of those who come now. */
  recent: 5_000,
  /** A crowd of which `rounds` rounds have served `large` requests each, and of which somebody waits `next` after the last, is more than a class. */
  large: 2,
  rounds: 2,
  next: 300,
  /** After the first of them, which came too early, quiet is at least so long. */
  nextQuiet: 400,
  /**
   * Where two were not enough, each round gathers for as long as it may, or until nobody has come for so long, times the rounds that
   * were too many; until that has brought nobody.
   */
  lateQuiet: 2_000,
  /** How many of the oldest contend for the lock, and how much later each further one of them does. */
  front: 3,
  standBack: 3,
} as const;

/** The rounds of several requests that one crowd has had, one after the other, and when the last ended (milliseconds since 1970). */
export interface Rounds {
  readonly count: number;
  readonly at: number;
}

/** What is known of a crowd by one of it; times in milliseconds since 1970. */
export interface Crowd {
  /** The requests that wait. */
  readonly ids: readonly string[];
  readonly now: number;
  /** When it began to gather. */
  readonly since: number;
  /** Milliseconds for which a request waits without any progress. */
  readonly patience: number;
  readonly last: Rounds | undefined;
}

/**
 * How long to wait before the next round, in milliseconds. Pure. Every round costs the same number of calls, and the same time,
 * however many it serves.
 */
export function gatherFor({ ids, now, since, patience, last }: Crowd): number {
  const within = (milliseconds: number) =>
    ids.map(requestTime).filter((time) => time <= now && time > now - milliseconds);
  const recent = within(crowd.recent);
  if (recent.length === 0) return 0;
  const newest = Math.max(...recent);
  const rounds = roundsOf(within(crowd.recent + patience), now, last);
  const tooMany = Math.max(0, rounds - crowd.rounds + 1);
  const most = crowd.ofPatience * patience;
  const longest = tooMany > 0 ? most : Math.min(crowd.longest + crowd.longestForEach * recent.length, most);
  const quiet = Math.max(quietAfter(recent, newest), rounds > 0 ? crowd.nextQuiet : 0, crowd.lateQuiet * tooMany);
  return Math.max(0, Math.min(newest + quiet, since + longest) - now);
}

/** What a round that ended `now` and has served these leaves to be known of their crowd; one that found nobody says nothing of it. Pure. */
export function roundsAfter(served: readonly string[], now: number, last: Rounds | undefined): Rounds | undefined {
  if (served.length === 0) return last;
  const times = served.map(requestTime);
  const before = roundsOf(times, now, last);
  if (last && before >= crowd.rounds && !cameLate(times, last.at)) return { count: crowd.rounds - 1, at: now };
  return { count: before + (served.length < crowd.large ? 0 : 1), at: now };
}

/** Has the long wait after the last round brought anybody who would else have come too late? */
function cameLate(times: readonly number[], lastRound: number): boolean {
  const arrivals = times.map((time) => Math.max(time, lastRound)).sort((one, other) => one - other);
  return arrivals.some((time, index) => index > 0 && time - (arrivals[index - 1] ?? time) > crowd.nextQuiet);
}

/** How many such rounds their crowd has had: a crowd is the same where somebody waited already when its last round ended, or soon after. */
function roundsOf(times: readonly number[], now: number, last: Rounds | undefined): number {
  return last && last.at <= now && Math.min(...times) <= last.at + crowd.next ? last.count : 0;
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
