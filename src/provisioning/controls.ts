// The decisions of a teacher that refuse publications: stops and pauses. Pure.
import { textOf } from '../messages/texts.ts';
import { FixableError } from './errors.ts';
import { isSameUser } from './marker.ts';
import type { SiteKey, StoredPublication } from './publications.ts';
import type { TeacherAction } from './queue.ts';

/**
 * A user whose sites a teacher took down. It refuses every publication of the user until a server is published that was started later,
 * or until `resume`: nothing that the user does with the running server ends it.
 */
export interface Stop {
  readonly user: string;
  /** ISO 8601. */
  readonly since: string;
  /** The sites that it took down. */
  readonly sites: readonly { readonly hostname: string; readonly port: number }[];
  /** The inodes of the sockets that listened on the ports of these sites. */
  readonly sockets: readonly number[];
}

/** While it lasts, its user cannot publish. */
export interface Pause {
  /** Undefined: every user. */
  readonly user?: string;
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601. Undefined: until a teacher ends it. */
  readonly until?: string;
  /** From the teacher to the students. */
  readonly message?: string;
}

export interface Controls {
  readonly stops: readonly Stop[];
  readonly pauses: readonly Pause[];
}

/** The inodes of the sockets that listen on a port of this machine. */
export type SocketsOn = (port: number) => readonly number[];

export const noControls: Controls = { stops: [], pauses: [] };

/** Seconds after which a paused publication is tried again at the latest, because the teacher may end the pause or change the hours. */
const retrySeconds = { paused: 60, closed: 900 };

/** Days after which a stop is forgotten: no server of a student runs that long. */
const stopDays = 7;

/** The controls without decisions that are over. @param now ISO 8601 */
export function currentControls({ stops, pauses }: Controls = noControls, now: string): Controls {
  const time = Date.parse(now);
  return {
    stops: stops.filter(({ since }) => time - Date.parse(since) < stopDays * 86_400_000),
    pauses: pauses.filter(({ until }) => until === undefined || Date.parse(until) > time),
  };
}

/** Whether a decision about these users concerns this one. @param users undefined: every user */
export function concerns(users: readonly string[] | undefined, user: string): boolean {
  return users === undefined || users.some((named) => isSameUser(named, user));
}

/**
 * The controls after a decision.
 * @param live the sites that it takes down
 * @param now ISO 8601
 * @param socketsOn the inodes of the sockets that listen on a port
 */
export function decided(
  controls: Controls,
  action: TeacherAction,
  live: readonly StoredPublication[],
  now: string,
  socketsOn: SocketsOn,
): Controls {
  switch (action.kind) {
    case 'stop':
      return withStops(controls, action.users, live, now, socketsOn);
    case 'pause': {
      const { users, until, message } = action;
      return withPause(controls, users, {
        since: now,
        ...(until !== undefined && { until }),
        ...(message !== undefined && { message }),
      });
    }
    case 'resume':
      return withoutDecisions(controls, action.users);
  }
}

/** A publication as far as a teacher's decisions concern it. */
export interface Attempt {
  readonly site: SiteKey;
  readonly isRelayed: boolean;
  /** The start of the server's process, by the kernel: ISO 8601. Undefined if it is not known. */
  readonly startedAt: string | undefined;
}

/**
 * Why this publication is refused now; undefined if no decision refuses it. A server that was started after a stop ends the stop.
 * @param now ISO 8601
 * @param closed the pause of everyone outside of the opening hours
 */
export function refusalByTeacher(
  controls: Controls,
  attempt: Attempt,
  now: string,
  socketsOn: SocketsOn,
  closed?: Pause,
): { readonly controls: Controls; readonly refusal: FixableError | undefined } {
  const { user, hostname } = attempt.site;
  const stop = controls.stops.find((one) => isSameUser(one.user, user));
  if (stop && !isLater(attempt, stop, socketsOn))
    return { controls, refusal: new FixableError('stopped-by-teacher', { user, hostname }) };
  const left = stop ? { ...controls, stops: controls.stops.filter((one) => one !== stop) } : controls;
  return { controls: left, refusal: pauseRefusal(controls, user, now, closed) };
}

/** Whether the server was started after the stop. Which server is behind a relay, only its process tells. */
function isLater({ site, isRelayed, startedAt }: Attempt, stop: Stop, socketsOn: SocketsOn): boolean {
  const sockets = socketsOn(site.port);
  if (sockets.some((inode) => stop.sockets.includes(inode))) return false;
  if (startedAt !== undefined) return Date.parse(startedAt) > Date.parse(stop.since);
  return !isRelayed && sockets.length > 0;
}

/** @param users undefined: those with a live site */
function withStops(
  controls: Controls,
  users: readonly string[] | undefined,
  live: readonly StoredPublication[],
  since: string,
  socketsOn: SocketsOn,
): Controls {
  const names = [...new Set(users ?? live.map(({ user }) => user))];
  const more = names.map((user): Stop => {
    const before = controls.stops.find((one) => isSameUser(one.user, user));
    const sites = live.filter((site) => isSameUser(site.user, user)).map(({ hostname, port }) => ({ hostname, port }));
    const sockets = sites.flatMap(({ port }) => socketsOn(port));
    const kept = before?.sites.filter((old) => !sites.some(({ hostname }) => hostname === old.hostname)) ?? [];
    return { user, since, sites: [...kept, ...sites], sockets: [...new Set([...(before?.sockets ?? []), ...sockets])] };
  });
  return { ...controls, stops: [...controls.stops.filter(({ user }) => !concerns(names, user)), ...more] };
}

/** @param users undefined: every user; those who are paused alone stay so */
function withPause(controls: Controls, users: readonly string[] | undefined, pause: Pause): Controls {
  const added = users === undefined ? [pause] : users.map((user) => ({ ...pause, user }));
  const kept = controls.pauses.filter(({ user }) =>
    users === undefined ? user !== undefined : user === undefined || !concerns(users, user),
  );
  return { ...controls, pauses: [...kept, ...added] };
}

/** @param users undefined: ends every stop and every pause */
function withoutDecisions({ stops, pauses }: Controls, users: readonly string[] | undefined): Controls {
  return {
    stops: stops.filter(({ user }) => !concerns(users, user)),
    pauses: users === undefined ? [] : pauses.filter(({ user }) => user === undefined || !concerns(users, user)),
  };
}

/** Why this user cannot publish now; the pause that ends last counts. @param now ISO 8601 */
function pauseRefusal(
  { pauses }: Controls,
  user: string,
  now: string,
  closed: Pause | undefined,
): FixableError | undefined {
  const [pause] = [...pauses, ...(closed ? [closed] : [])]
    .filter((one) => one.user === undefined || isSameUser(one.user, user))
    .sort((a, b) => endOf(b) - endOf(a));
  if (!pause) return undefined;
  const retry = pause === closed ? retrySeconds.closed : retrySeconds.paused;
  const { until, message } = pause;
  const remaining = Math.ceil((endOf(pause) - Date.parse(now)) / 1000);
  return new FixableError('paused', {
    user,
    until,
    teacherMessage: message,
    seconds: Math.max(1, Math.min(retry, remaining)),
    end: until === undefined ? '' : textOf(' until {time}', { time: localTime(until, now) }),
    said: message === undefined ? '.' : `: ${message}`,
  });
}

/** `14:30` in this machine's time zone, with the date unless it is the day of `now`. Both are ISO 8601. */
export function localTime(time: string, now: string): string {
  const [day, clock] = parts(new Date(time));
  return day === parts(new Date(now))[0] ? clock : `${day} ${clock}`;
}

function parts(date: Date): readonly [day: string, clock: string] {
  const two = (number: number) => String(number).padStart(2, '0');
  return [
    [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-'),
    `${two(date.getHours())}:${two(date.getMinutes())}`,
  ];
}

const endOf = ({ until }: Pause): number => (until === undefined ? Infinity : Date.parse(until));
