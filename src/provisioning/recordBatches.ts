// Changes DNS records in batches, and finds the one that fails a batch.
import { CallFailure } from './checkedFetch.ts';
import type { RecordUsage, RoundApi } from './roundApi.ts';
import { FixableError } from './errors.ts';
import { parseMarker } from './marker.ts';
import type { DnsRecord, NewRecord } from './plan.ts';

/** Operations in one batch on a free zone (developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes). */
const batchLimit = 200;
/** A message names this many of our records. */
const namesShown = 5;

interface Changes {
  readonly remove: readonly DnsRecord[];
  readonly create: readonly NewRecord[];
}

interface BatchContext {
  readonly cloudflare: RoundApi;
  /** @throws FixableError `lock-lost` */
  readonly checkLock: () => void;
  /** The records of this tunnel that were there before. */
  readonly own: readonly DnsRecord[];
  /** Records that a full zone can do without. */
  readonly spare?: readonly DnsRecord[];
  /** Set once the zone was found to be full, with what it said of its size. */
  readonly isFull?: Partial<RecordUsage>;
}

/**
 * Writes the records in batches. One bad record fails its whole batch, so a refused batch is halved until only the bad record fails;
 * `refuse` is called for it, and the others are changed.
 * @throws CallFailure if the outcome is unknown, or the refusal applies to every record
 */
export async function changeRecords(
  context: BatchContext,
  { remove, create }: Changes,
  refuse: (hostname: string, reason: FixableError) => void,
): Promise<void> {
  const total = remove.length + create.length;
  if (total === 0) return;
  const halves = async () => {
    for (const half of halve({ remove, create })) await changeRecords(context, half, refuse);
  };
  if (total > batchLimit) return halves();
  context.checkLock();
  try {
    await context.cloudflare.changeRecords({ remove, create });
  } catch (error) {
    if (!(error instanceof CallFailure) || error.effect === 'unknown' || appliesToAll(error)) throw error;
    if (error.codes.includes(81045) && create.length > 0) return createWhatFits(context, { remove, create }, refuse);
    if (total > 1) return halves();
    if (remove.length === 1 && error.codes.includes(81044)) return; // removed already
    const hostname = [...remove, ...create][0]?.name ?? '';
    refuse(hostname, await explain(context.cloudflare, hostname, error));
  }
}

/**
 * Asks a full zone once how much room it has, makes room by removing idle records, and creates as many records as fit; the others
 * are refused with the numbers.
 * Halving the batch would cost calls for every record.
 */
async function createWhatFits(
  context: BatchContext,
  { remove, create }: Changes,
  refuse: (hostname: string, reason: FixableError) => void,
): Promise<void> {
  const usage = context.isFull ? undefined : await context.cloudflare.readRecordUsage().catch(() => undefined);
  const room = usage ? Math.max(0, (usage.quota ?? Infinity) - usage.used + remove.length) : 0;
  const { spare = [], own } = context;
  const removed = [...remove, ...spare.slice(0, Math.max(0, create.length - room))];
  const fits = room + removed.length - remove.length;
  const problem = describeFullZone(usage ?? context.isFull, own);
  for (const { name } of create.slice(fits))
    refuse(name, new FixableError('quota-reached', { hostname: name, problem }));
  const changes = { remove: removed, create: create.slice(0, fits) };
  await changeRecords({ ...context, isFull: usage ?? {}, spare: [] }, changes, refuse);
}

/** For example "the zone holds 200 of 200 records, and 3 of them are ours (student1.example.com, …)". */
function describeFullZone({ used, quota }: Partial<RecordUsage> = {}, own: readonly DnsRecord[]): string {
  const names = own.filter((record) => parseMarker(record.comment)).map((record) => record.name);
  const listed = names.length > namesShown ? [...names.slice(0, namesShown), '…'] : names;
  const ours = `${names.length} of them are ours${names.length > 0 ? ` (${listed.join(', ')})` : ''}`;
  return used === undefined
    ? `the zone holds as many records as it may, and ${ours}`
    : `the zone holds ${used} of ${quota ?? 'unlimited'} records, and ${ours}`;
}

/** Removals first, because they make room in the zone. */
function halve({ remove, create }: Changes): [Changes, Changes] {
  const half = Math.ceil((remove.length + create.length) / 2);
  const room = Math.max(0, half - remove.length);
  return [
    { remove: remove.slice(0, half), create: create.slice(0, room) },
    { remove: remove.slice(half), create: create.slice(room) },
  ];
}

/** Halving a batch would only cost calls if every record is refused for the same reason. */
function appliesToAll(error: CallFailure): boolean {
  return [401, 403, 429].includes(error.status ?? 0) || error.mendable.code === 'zone-unknown';
}

/** Names the holder of a name that is taken (Cloudflare's codes 81053 to 81058). */
async function explain(cloudflare: RoundApi, hostname: string, error: CallFailure): Promise<FixableError> {
  const problem = error.mendable.facts['problem'];
  if (!error.codes.some((code) => [81053, 81054, 81057, 81058].includes(code)))
    return new FixableError('record-refused', { hostname, problem });
  const [record] = await cloudflare.findRecords(hostname).catch(() => []);
  const marker = parseMarker(record?.comment);
  return new FixableError('hostname-taken', {
    hostname,
    problem: marker
      ? `${marker.user} holds it on the machine ${marker.machine}`
      : `${record?.type ?? 'a'} record made elsewhere has this name`,
  });
}
