// Reads what a student's window says of a site. The student can write anything there, so it is bounded and cleaned.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { parseJson } from '../json.ts';
import { readText, type Text } from '../messages/texts.ts';
import { readVisitors, type VisitorNumbers } from '../window/teacher/classList.ts';

export interface SiteStatus {
  readonly state: string;
  readonly server: string | null;
  readonly problem: string | null;
  /** The problem as a text that the teacher's window translates. */
  readonly reason?: Text;
  readonly visitors?: VisitorNumbers;
}

const maxBytes = 4_096;

/** The folder of the relay socket that a service leads to. */
export function statusFolder(service: string): string | undefined {
  return /^unix:(\/.*)\/\d+\.sock$/.exec(service)?.[1];
}

/** @param service of a publication through a relay's socket, beside which the file is */
export function readStatus(service: string): SiteStatus | undefined {
  const file = /^unix:(\/.*\/\d+)\.sock$/.exec(service)?.[1];
  return file === undefined ? undefined : parseStatus(readBounded(`${file}.json`));
}

/** Pure. */
export function parseStatus(text: string): SiteStatus | undefined {
  const { state, server, problem, reason, visitors } = (parseJson(text) ?? {}) as Readonly<Record<string, unknown>>;
  const clean = (value: string) => value.replace(/\p{C}/gu, '').slice(0, 120);
  const line = (value: unknown) => (typeof value === 'string' ? clean(value) : '') || null;
  const words = readText(reason, clean);
  const numbers = readVisitors(visitors);
  return typeof state === 'string' && /^\w{1,20}$/.test(state)
    ? {
        state,
        server: line(server),
        problem: line(problem),
        ...(words && { reason: words }),
        ...(numbers && { visitors: numbers }),
      }
    : undefined;
}

function readBounded(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    return stats.isFile() && stats.size <= maxBytes ? readFileSync(descriptor, 'utf8') : '';
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
