import { CallFailure } from './checkedFetch.ts';
import type { RoundApi } from './roundApi.ts';
import { MendableError } from './errors.ts';
import { parseMarker } from './marker.ts';
import type { DnsRecord, NewRecord } from './plan.ts';

/** The most operations that one batch may have on a free zone (Cloudflare's documentation of DNS batches). */
const batchLimit = 200;

interface Changes {
  readonly remove: readonly DnsRecord[];
  readonly create: readonly NewRecord[];
}

interface BatchContext {
  readonly cloudflare: RoundApi;
  /** Throws once the lock is lost. */
  readonly checkLock: () => void;
}

/**
 * Writes the records in batches. One bad record fails its batch whole, so a refused batch is halved until only the bad one
 * fails: it is told to `refuse`, and the others are made.
 * @throws CallFailure where the outcome is unknown, or the refusal holds for every record
 */
export async function changeRecords(
  context: BatchContext,
  { remove, create }: Changes,
  refuse: (hostname: string, reason: MendableError) => void,
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
    if (!(error instanceof CallFailure) || error.effect === 'unknown' || isForAll(error)) throw error;
    if (total > 1) return halves();
    if (remove.length === 1 && error.codes.includes(81044)) return; // gone already, which is what was wanted
    const hostname = [...remove, ...create][0]?.name ?? '';
    refuse(hostname, await explain(context.cloudflare, hostname, error));
  }
}

/** Removals first, as within one batch: they make room in the zone. */
function halve({ remove, create }: Changes): [Changes, Changes] {
  const half = Math.ceil((remove.length + create.length) / 2);
  const room = Math.max(0, half - remove.length);
  return [
    { remove: remove.slice(0, half), create: create.slice(0, room) },
    { remove: remove.slice(half), create: create.slice(room) },
  ];
}

/** A refusal that would be the same for every record: halving the batch would only cost calls. */
function isForAll(error: CallFailure): boolean {
  return [401, 403, 429].includes(error.status ?? 0) || error.mendable.code === 'zone-unknown';
}

/** Says who has the name; Cloudflare's codes: 81045 quota, 81053 to 81058 the name is taken. */
async function explain(cloudflare: RoundApi, hostname: string, error: CallFailure): Promise<MendableError> {
  const problem = error.mendable.facts['problem'];
  if (error.codes.includes(81045)) return new MendableError('quota-reached', { hostname, problem });
  if (!error.codes.some((code) => [81053, 81054, 81057, 81058].includes(code)))
    return new MendableError('record-refused', { hostname, problem });
  const [record] = await cloudflare.findRecords(hostname).catch(() => []);
  const marker = parseMarker(record?.comment);
  return new MendableError('hostname-taken', {
    hostname,
    problem: marker
      ? `${marker.user} holds it on the machine ${marker.machine}`
      : `${record?.type ?? 'a'} record that somebody else made has this name`,
  });
}
