// DNS records: https://developers.cloudflare.com/api/resources/dns/subresources/records/
import type { DnsRecord, RecordSet } from '../records.ts';
import { namedZone } from './accountApi.ts';
import { refuse, success } from './answers.ts';
import { listRecords } from './recordFilters.ts';
import { checkedRecord, place } from './recordRules.ts';
import type { Context, Route } from './routes.ts';

/** On a free zone. */
const largestBatch = 200;
const kinds = ['deletes', 'patches', 'puts', 'posts'] as const; // always in this order
type Kind = (typeof kinds)[number];

const read = ['dns:read', 'dns:edit'] as const;
const edit = ['dns:edit'] as const;
const records = '/zones/:zone/dns_records';

export const dnsRoutes: Route[] = [
  {
    method: 'GET',
    path: records,
    scopes: read,
    handle: (context) => listRecords(namedZone(context).records.all(), context.call.query),
  },
  {
    method: 'POST',
    path: records,
    scopes: edit,
    handle: (context) => success(operateOnce(context, 'posts', context.call.body)),
  },
  { method: 'POST', path: `${records}/batch`, scopes: edit, handle: batch },
  { method: 'GET', path: `${records}/usage`, scopes: read, handle: usage },
  {
    method: 'GET',
    path: `${records}/:record`,
    scopes: read,
    handle: (context) => success(existing(namedZone(context).records, idOf(context))),
  },
  {
    method: 'PUT',
    path: `${records}/:record`,
    scopes: edit,
    handle: (context) => success(changeNamed(context, 'puts')),
  },
  {
    method: 'PATCH',
    path: `${records}/:record`,
    scopes: edit,
    handle: (context) => success(changeNamed(context, 'patches')),
  },
  {
    method: 'DELETE',
    path: `${records}/:record`,
    scopes: edit,
    handle: (context) => success({ id: operateOnce(context, 'deletes', { id: idOf(context) }).id }),
  },
];

/** The number of records that the zone holds, and may hold. */
function usage(context: Context) {
  const { quota, records } = namedZone(context);
  return success({ record_quota: quota, record_usage: records.size });
}

/** One transaction: every operation takes effect, or none does. The answer to a failure does not say which one it was. */
function batch(context: Context) {
  const { body } = context.call;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refuse.malformedBody();
  const wanted = kinds.map((kind): [Kind, unknown[]] => [kind, operationsOf(body as Record<string, unknown>, kind)]);
  const total = wanted.reduce((sum, [, operations]) => sum + operations.length, 0);
  if (total > largestBatch) throw refuse.batchTooLarge(largestBatch);
  // A draft of the zone's records becomes the truth only when nothing in it was refused.
  const zone = namedZone(context);
  const draft = zone.records.draft();
  const done = wanted.map(([kind, operations]) => [
    kind,
    operations.map((operation) => operate(context, draft, kind, operation)),
  ]);
  zone.records = draft;
  return success(Object.fromEntries(done));
}

function changeNamed(context: Context, kind: 'puts' | 'patches') {
  const { body } = context.call;
  if (typeof body !== 'object' || body === null) throw refuse.malformedBody();
  return operateOnce(context, kind, { ...body, id: idOf(context) });
}

function operateOnce(context: Context, kind: Kind, operation: unknown) {
  return operate(context, namedZone(context).records, kind, operation);
}

/** One operation takes effect as a whole, or throws the refusal. */
function operate(context: Context, set: RecordSet, kind: Kind, operation: unknown): DnsRecord {
  const zone = namedZone(context);
  if (kind === 'posts') {
    const record = checkedRecord(operation, zone, context.world.timestamp());
    place(record, set, zone.quota);
    return record;
  }
  const before = existing(set, (operation as { id?: unknown } | null)?.id);
  if (kind === 'deletes') {
    set.delete(before.id);
    return before;
  }
  const fields = kind === 'patches' ? { ...before, ...(operation as object) } : operation;
  const record = checkedRecord(fields, zone, context.world.timestamp(), before);
  place(record, set, zone.quota);
  return record;
}

function operationsOf(body: Record<string, unknown>, kind: Kind): unknown[] {
  const operations = body[kind] ?? [];
  if (!Array.isArray(operations)) throw refuse.malformedBody();
  return operations;
}

function existing(set: RecordSet, id: unknown): DnsRecord {
  const record = typeof id === 'string' ? set.get(id) : undefined;
  if (!record) throw refuse.unknownRecord();
  return record;
}

function idOf({ parameter, call }: Context): string {
  const id = parameter('record');
  if (!/^[0-9a-f]{32}$/.test(id)) throw refuse.noRoute(call.path);
  return id;
}
