// The opening hours of a class, in the time zone of this machine. Pure.
import type { Pause } from './controls.ts';

/** One entry: on these days, from one minute of the day to before another. */
interface OpenTime {
  /** 0 is Sunday. */
  readonly days: ReadonlySet<number>;
  readonly from: number;
  readonly to: number;
}

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The reason why a text is not an entry such as `Mon-Fri 08:00-17:00` or `Sat,Sun 10:00-12:30`; undefined if it is one. */
export function openingHoursFault(text: string): string | undefined {
  return parse(text) ? undefined : `has "${text}", which is not like "Mon-Fri 08:00-17:00"`;
}

/** Whether the class is open at this time. Without an entry it is always open. */
export function isOpen(hours: readonly string[], time: Date): boolean {
  const minute = time.getHours() * 60 + time.getMinutes();
  const times = timesOf(hours);
  return (
    times.length === 0 || times.some(({ days, from, to }) => days.has(time.getDay()) && from <= minute && minute < to)
  );
}

/** The next opening of a class that is closed now. */
export function nextOpening(hours: readonly string[], now: Date): Date {
  const openings = timesOf(hours).flatMap(({ days, from }) =>
    // The eighth day is the day of the week of today again.
    [0, 1, 2, 3, 4, 5, 6, 7]
      .map((day) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, 0, from))
      .filter((opening) => days.has(opening.getDay()) && opening > now),
  );
  return new Date(Math.min(...openings.map((opening) => opening.getTime())));
}

/** The pause of everyone while the class is closed; undefined while it is open. @param now ISO 8601 */
export function closedPause(hours: readonly string[], now: string): Pause | undefined {
  const time = new Date(now);
  if (isOpen(hours, time)) return undefined;
  const message = `The class is open ${hours.join(', ')}.`;
  return { since: now, until: nextOpening(hours, time).toISOString(), message };
}

const timesOf = (hours: readonly string[]): OpenTime[] => hours.flatMap((text) => parse(text) ?? []);

function parse(text: string): OpenTime | undefined {
  const match = /^(\S+) (\d\d?):(\d\d)-(\d\d?):(\d\d)$/.exec(text.trim().replace(/\s+/g, ' '));
  if (!match) return undefined;
  const days = parseDays(match[1] ?? '');
  const [from, to] = [minuteOf(match[2], match[3]), minuteOf(match[4], match[5])];
  return days === undefined || from === undefined || to === undefined || from >= to ? undefined : { days, from, to };
}

function parseDays(text: string): ReadonlySet<number> | undefined {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = -1, last = first] = part.split('-').map((name) => dayNames.indexOf(name.toLowerCase()));
    if (first < 0 || last < 0 || part.split('-').length > 2) return undefined;
    for (let day = first; day !== last; day = (day + 1) % 7) days.add(day);
    days.add(last);
  }
  return days;
}

function minuteOf(hour = '', minute = ''): number | undefined {
  const all = Number(hour) * 60 + Number(minute);
  return Number(minute) > 59 || all > 24 * 60 ? undefined : all;
}
