// Reads the time at which a pause ends. Pure.

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000 };

/**
 * Reads `10:30` (the next one, in this machine's time zone), `30m`, `2h` or a time in ISO 8601.
 * @returns ISO 8601, always later than `now`
 * @throws Error with a text for a person
 */
export function parseUntil(text: string, now: Date): string {
  const time = timeOf(text, now);
  if (time === undefined || Number.isNaN(time.getTime()))
    throw new Error('A time is HH:MM, a duration such as 30m or 2h, or ISO 8601.');
  if (time <= now) throw new Error('This time is over.');
  return time.toISOString();
}

function timeOf(text: string, now: Date): Date | undefined {
  const [, number, unit = ''] = /^(\d{1,4})([mh])$/.exec(text) ?? [];
  if (number !== undefined) return new Date(now.getTime() + Number(number) * (units[unit] ?? 0));
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour !== undefined) return nextClock(Number(hour), Number(minute), now);
  return /^\d{4}-\d{2}-\d{2}T/.test(text) ? new Date(text) : undefined;
}

function nextClock(hour: number, minute: number, now: Date): Date | undefined {
  if (hour > 23 || minute > 59) return undefined;
  const time = new Date(now);
  time.setHours(hour, minute, 0, 0);
  if (time <= now) time.setDate(time.getDate() + 1);
  return time;
}
