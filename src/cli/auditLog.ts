// The teacher's command `log`: shows the end of the audit log.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../json.ts';
import { localTime } from '../provisioning/controls.ts';
import { FixableError } from '../provisioning/errors.ts';
import type { ActionContext } from './actions.ts';
import { reasonOf } from './readRegularFile.ts';
import { openSession } from './session.ts';
import { tableLines } from './table.ts';

type Entry = Readonly<Record<string, unknown>>;

/** Entries that are shown, and bytes that are read for them. */
const limits = { entries: 100, bytes: 256 * 1024 } as const;

const columns = [
  ['TIME', 'at'],
  ['USER', 'user'],
  ['WHAT', 'what'],
  ['PORT', 'port'],
  ['ABOUT', 'hostname', 'users', 'message', 'name'],
  ['OUTCOME', 'outcome'],
  ['MS', 'milliseconds'],
  ['CALLS', 'apiCalls'],
] as const;

/** Shows the last changes, newest last. */
export async function log(context: ActionContext, localTimes: boolean): Promise<void> {
  const { report } = context;
  const { stateDir } = openSession(report, context).config;
  const file = join(stateDir, 'audit.log');
  const entries = lastEntries(readEnd(`${file}.1`) + readEnd(file));
  report.answer(
    entries.length === 0
      ? 'Nothing has been changed yet.'
      : tableLines(rowsOf(entries, localTimes ? new Date().toISOString() : undefined)).join('\n'),
    { event: 'log', entries },
  );
  return Promise.resolve();
}

/** The last entries of a text whose first line may be cut, without intents: the outcome of each follows. Pure. */
export function lastEntries(text: string): Entry[] {
  const entries = text.split('\n').flatMap((line): Entry[] => {
    const entry = parseJson(line);
    return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? [entry as Entry] : [];
  });
  return entries.filter(({ what }) => what !== 'intent').slice(-limits.entries);
}

/** The table with its heading, and with times of this machine's time zone where `now` is given. Control characters are left out, because users name themselves. Pure. */
export function rowsOf(entries: readonly Entry[], now?: string): string[][] {
  const cell = (entry: Entry, keys: readonly string[]) => {
    const values = keys
      .map((key) => entry[key])
      .filter((value) => typeof value === 'string' || typeof value === 'number');
    const text = values.join(' ').replace(/\p{Cc}/gu, '');
    return now !== undefined && keys.includes('at') && !Number.isNaN(Date.parse(text)) ? localTime(text, now) : text;
  };
  return [columns.map(([title]) => title), ...entries.map((entry) => columns.map(([, ...keys]) => cell(entry, keys)))];
}

/** The end of a file; empty before the first change. */
function readEnd(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, limits.bytes));
    const count = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, count);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new FixableError('state-unwritable', { file, problem: reasonOf(error) });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
