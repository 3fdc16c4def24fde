// The filters, order and pages of the record list. A filter that the API's schema does not name is refused: otherwise a program
// that misspells one would take every record of the zone for its own.
import type { DnsRecord } from '../records.ts';
import { refuse, success } from './answers.ts';

type Test = (record: DnsRecord, wanted: string) => boolean;

const textTests: Record<string, (text: string, wanted: string) => boolean> = {
  exact: (text, wanted) => text === wanted,
  contains: (text, wanted) => text.includes(wanted),
  startswith: (text, wanted) => text.startsWith(wanted),
  endswith: (text, wanted) => text.endsWith(wanted),
};

const filters = new Map<string, Test>([
  ...(['name', 'content', 'comment'] as const).flatMap((field) =>
    Object.entries(textTests).map(([kind, test]): [string, Test] => [
      `${field}.${kind}`,
      (record, wanted) => record[field] !== null && test(record[field].toLowerCase(), wanted.toLowerCase()),
    ]),
  ),
  ['comment.present', (record) => record.comment !== null],
  ['comment.absent', (record) => record.comment === null],
  ...['present', 'exact', 'contains', 'startswith', 'endswith'].map((kind): [string, Test] => [
    `tag.${kind}`,
    () => false,
  ]),
  ['tag.absent', () => true], // a free zone has no tags
  ['type', (record, wanted) => record.type === wanted],
  ['proxied', (record, wanted) => String(record.proxied) === wanted],
  [
    'search',
    (record, wanted) => [record.name, record.content, record.comment ?? ''].some((text) => text.includes(wanted)),
  ],
]);

const orders = ['type', 'name', 'content', 'ttl', 'proxied'] as const;
const others = new Set(['match', 'tag_match', 'order', 'direction', 'page', 'per_page', 'include_shadow_metadata']);
const largestPage = 5000;

/** Returns one page of the records that pass the filters of this query. */
export function listRecords(records: readonly DnsRecord[], query: URLSearchParams) {
  const tests: ((record: DnsRecord) => boolean)[] = [];
  for (const [key, wanted] of query) {
    const filter = filters.get(key);
    if (filter) tests.push((record) => filter(record, wanted));
    else if (!others.has(key)) throw refuse.badParameter(`Unknown query parameter: ${key}`);
  }
  const any = choice(query, 'match', ['all', 'any']) === 'any';
  const matching = records.filter((record) =>
    any && tests.length > 0 ? tests.some((test) => test(record)) : tests.every((test) => test(record)),
  );
  const order = choice(query, 'order', orders);
  const sign = choice(query, 'direction', ['asc', 'desc']) === 'asc' ? 1 : -1;
  matching.sort((a, b) => sign * compare(a[order], b[order]));
  const page = whole(query, 'page', 1, Number.MAX_SAFE_INTEGER);
  const perPage = whole(query, 'per_page', 100, largestPage);
  const shown = matching.slice((page - 1) * perPage, page * perPage);
  const pages = Math.ceil(matching.length / perPage);
  return success(shown, {
    result_info: { page, per_page: perPage, count: shown.length, total_count: matching.length, total_pages: pages },
  });
}

function compare(a: string | number | boolean, b: string | number | boolean): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function choice<T extends string>(query: URLSearchParams, key: string, allowed: readonly [T, ...T[]]): T {
  const value = query.get(key) ?? allowed[0];
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw refuse.badParameter(`${key} must be one of ${allowed.join(', ')}`);
  return found;
}

function whole(query: URLSearchParams, key: string, fallback: number, largest: number): number {
  const value = Number(query.get(key) ?? fallback);
  if (!Number.isInteger(value) || value < 1 || value > largest)
    throw refuse.badParameter(`${key} must be a whole number between 1 and ${largest}`);
  return value;
}
