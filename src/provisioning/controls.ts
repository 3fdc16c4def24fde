// The decisions of a teacher that refuse publications: stopped sites and pauses. Pure.
import { FixableError } from './errors.ts';
import { isSameUser } from './marker.ts';
import { maxHolders } from './publishRefusal.ts';
import type { Holder, SiteKey, StoredPublication } from './publications.ts';
import type { TeacherAction } from './queue.ts';

/** A site that a teacher took down. It is refused to its user until each of these holders has released it. */
export interface StoppedSite extends SiteKey {
  /** ISO 8601. */
  readonly since: string;
  readonly holders: readonly Holder[];
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
  readonly stopped: readonly StoppedSite[];
  readonly pauses: readonly Pause[];
}

export const noControls: Controls = { stopped: [], pauses: [] };

/** Seconds after which a paused publication is tried again at the latest, because the teacher may end the pause early. */
const retrySeconds = 60;

/** The controls without dead holders and without pauses that are over. @param now ISO 8601 */
export function currentControls(
  { stopped, pauses }: Controls = noControls,
  now: string,
  isDead: (holder: Holder) => boolean,
): Controls {
  return {
    stopped: withHolders(stopped, ({ holders }) => holders.filter((holder) => !isDead(holder))),
    pauses: pauses.filter(({ until }) => until === undefined || Date.parse(until) > Date.parse(now)),
  };
}

/** Whether a decision about these users concerns this one. @param users undefined: every user */
export function concerns(users: readonly string[] | undefined, user: string): boolean {
  return users === undefined || users.some((named) => isSameUser(named, user));
}

/** Ends what this holder of the user had of stopped sites. */
export function withReleased(controls: Controls, user: string, holderId: string): Controls {
  const isLeft = ({ id }: Holder) => id !== holderId;
  return {
    ...controls,
    stopped: withHolders(controls.stopped, (site) =>
      isSameUser(site.user, user) ? site.holders.filter(isLeft) : site.holders,
    ),
  };
}

/** The user gave the site up, whatever its holders. */
export function withUnpublished(controls: Controls, site: SiteKey): Controls {
  return { ...controls, stopped: controls.stopped.filter((stopped) => !isSame(stopped, site)) };
}

/**
 * The controls after a decision.
 * @param live the sites that it takes down
 * @param now ISO 8601
 */
export function decided(
  controls: Controls,
  action: TeacherAction,
  live: readonly StoredPublication[],
  now: string,
): Controls {
  switch (action.kind) {
    case 'stop':
      return withStopped(controls, live, now);
    case 'pause': {
      const { users, until, message } = action;
      return withPause(controls, users, {
        since: now,
        ...(until !== undefined && { until }),
        ...(message !== undefined && { message }),
      });
    }
    case 'resume':
      return withoutPause(controls, action.users);
  }
}

/**
 * Why this holder cannot publish the site now; undefined if no decision refuses it. A refused holder of a stopped site is one more
 * that has to release it, so that a reloaded window does not publish it again.
 * @param now ISO 8601
 */
export function refusalByTeacher(
  controls: Controls,
  site: SiteKey,
  holder: Holder,
  now: string,
): { readonly controls: Controls; readonly refusal: FixableError | undefined } {
  const { user, hostname } = site;
  const stopped = controls.stopped.find((other) => isSame(other, site));
  if (!stopped) return { controls, refusal: pauseRefusal(controls, user, now) };
  return {
    controls: withStopped(controls, [{ ...stopped, holders: [holder] }], stopped.since),
    refusal: new FixableError('stopped-by-teacher', { user, hostname }),
  };
}

/** @param since ISO 8601 */
function withStopped(
  controls: Controls,
  sites: readonly (SiteKey & { readonly holders: readonly Holder[] })[],
  since: string,
): Controls {
  const more = sites
    .filter(({ holders }) => holders.length > 0)
    .map(({ hostname, user, port, machine, service, holders }): StoppedSite => {
      const before = controls.stopped.find((site) => site.hostname === hostname);
      return { hostname, user, port, machine, service, since, holders: merged(before?.holders ?? [], holders) };
    });
  const names = new Set(more.map(({ hostname }) => hostname));
  return { ...controls, stopped: [...controls.stopped.filter(({ hostname }) => !names.has(hostname)), ...more] };
}

/** @param users undefined: every user; those who are paused alone stay so */
function withPause(controls: Controls, users: readonly string[] | undefined, pause: Pause): Controls {
  const added = users === undefined ? [pause] : users.map((user) => ({ ...pause, user }));
  const kept = controls.pauses.filter(({ user }) =>
    users === undefined ? user !== undefined : user === undefined || !concerns(users, user),
  );
  return { ...controls, pauses: [...kept, ...added] };
}

/** @param users undefined: ends every pause */
function withoutPause(controls: Controls, users: readonly string[] | undefined): Controls {
  if (users === undefined) return { ...controls, pauses: [] };
  return { ...controls, pauses: controls.pauses.filter(({ user }) => user === undefined || !concerns(users, user)) };
}

/** Why this user cannot publish now; the pause that ends last counts. @param now ISO 8601 */
function pauseRefusal({ pauses }: Controls, user: string, now: string): FixableError | undefined {
  const [pause] = pauses
    .filter((one) => one.user === undefined || isSameUser(one.user, user))
    .sort((a, b) => endOf(b) - endOf(a));
  if (!pause) return undefined;
  const { until, message } = pause;
  const remaining = Math.ceil((endOf(pause) - Date.parse(now)) / 1000);
  return new FixableError('paused', {
    user,
    until,
    teacherMessage: message,
    seconds: Math.max(1, Math.min(retrySeconds, remaining)),
    end: until === undefined ? '' : ` until ${localTime(until, now)}`,
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
const isSame = (a: SiteKey, b: SiteKey): boolean => isSameUser(a.user, b.user) && a.hostname === b.hostname;

function merged(before: readonly Holder[], more: readonly Holder[]): Holder[] {
  const ids = new Set(more.map(({ id }) => id));
  return [...before.filter(({ id }) => !ids.has(id)), ...more].slice(-maxHolders);
}

/** The sites with the holders that `holdersOf` leaves them; a site without any is no longer stopped. */
function withHolders(
  sites: readonly StoppedSite[],
  holdersOf: (site: StoppedSite) => readonly Holder[],
): readonly StoppedSite[] {
  return sites.map((site) => ({ ...site, holders: holdersOf(site) })).filter(({ holders }) => holders.length > 0);
}
