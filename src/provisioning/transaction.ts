import { CallFailure } from './checkedFetch.ts';
import type { RoundApi } from './roundApi.ts';
import { MendableError } from './errors.ts';
import type { TunnelConfig } from './ingress.ts';
import { isAchieved, makePlan, type Plan, type Remote, type Scope, type Want } from './plan.ts';
import { changeRecords } from './recordBatches.ts';

export interface TransactionContext {
  readonly cloudflare: RoundApi;
  readonly scope: Scope;
  /** To be called before every remote write: throws once the lock is lost. */
  readonly checkLock: () => void;
  /** Puts on the disk, durably, that these hostnames are being changed. */
  readonly intend: (hostnames: ReadonlySet<string>) => Promise<void>;
  /** Keeps the configuration that is about to be replaced. */
  readonly keep: (version: number, config: TunnelConfig) => Promise<void>;
  readonly log: (line: string) => void;
}

/** What became of the wants. A hostname that is in none of these was as wanted all along. */
export interface Result {
  readonly failed: ReadonlyMap<string, MendableError>;
  /** Served by a rule that somebody else made: wanted hostname → that rule's hostname. */
  readonly foreign: ReadonlyMap<string, string>;
  /** As wanted, and this transaction changed it. */
  readonly changed: ReadonlySet<string>;
  /** Not known to be whole: the next run goes on here. */
  readonly unsettled: ReadonlySet<string>;
}

/** Failed hostnames with their reasons; `*` stands for every hostname of the write. */
type Failures = Map<string, MendableError>;

/** What came of a write; the configuration's new version, where it was written and the answer arrived. */
interface Written {
  readonly failures: Failures;
  readonly version: number | undefined;
}

const nothingWritten: Written = { failures: new Map(), version: undefined };

/** Reads the configuration and the records side by side. */
export async function readRemote(cloudflare: RoundApi, dns: Scope['dns']): Promise<Remote> {
  const [configuration, records] = await all(
    cloudflare.readConfiguration(),
    dns === 'wildcard' ? [] : cloudflare.listRecords(),
  );
  return { ...configuration, records };
}

/**
 * Makes Cloudflare show what is wanted: of each hostname the rule and the record both, or neither.
 * What fails is undone by reading again and removing only that; what cannot be undone now stays unsettled.
 * @throws MendableError `rate-limited`, whatever was done: intents are on the disk, and nobody may call now
 */
export async function transact(context: TransactionContext, wants: readonly Want[], remote: Remote): Promise<Result> {
  const plan = makePlan(remote, wants, context.scope);
  const done = { failed: plan.refused, foreign: plan.foreign, changed: plan.touched, unsettled: new Set<string>() };
  if (isEmpty(plan)) return done;
  await context.intend(plan.touched);
  const { failures, version } = await write(context, plan, remote);
  const outsider = version !== undefined && noteOutsider(context, remote.version, version);
  if (failures.size === 0 && !outsider) return done;
  const unanswered = plan.config && version === undefined ? remote.version : undefined;
  const settled = await settle(
    context,
    wants.filter((want) => plan.touched.has(want.hostname)),
    failures,
    unanswered,
  );
  return { ...settled, foreign: plan.foreign, failed: new Map([...plan.refused, ...settled.failed]) };
}

/** Did others save between our read and our write? The API has no conditional write and shows no earlier version: what they saved is gone, and only they know what it was. */
function noteOutsider(context: TransactionContext, read: number, now: number): boolean {
  if (now <= read + 1) return false;
  context.log(
    `Somebody saved the tunnel's configuration elsewhere in the same moment (version ${read} was read, ${now} is there now): what they saved may have to be saved again. Ours is read and merged again.`,
  );
  return true;
}

export function isEmpty(plan: Plan): boolean {
  return plan.config === undefined && plan.create.length === 0 && plan.remove.length === 0;
}

/** The two writes do not depend on each other, so they go side by side: the intents are on the disk, and a half is settled by reading. */
async function write(context: TransactionContext, plan: Plan, remote: Remote): Promise<Written> {
  const failures: Failures = new Map();
  const noteForAll = (error: unknown): undefined => {
    failures.set('*', mendable(error));
  };
  const [version] = await all(
    writeConfiguration(context, plan, remote).catch(noteForAll),
    changeRecords({ ...context, own: remote.records }, plan, (hostname, error) => failures.set(hostname, error)).catch(
      noteForAll,
    ),
  );
  return { failures, version };
}

async function writeConfiguration(
  context: TransactionContext,
  plan: Plan,
  remote: Remote,
): Promise<number | undefined> {
  if (!plan.config) return undefined;
  if (remote.config) await context.keep(remote.version, remote.config);
  context.checkLock();
  return context.cloudflare.writeConfiguration(plan.config);
}

/**
 * Looks at what is there after a write that failed, or that met another's. What is as wanted stays, whatever the call said;
 * a failed publication is taken back, everything else is wanted once more. Nothing is ever repeated blindly.
 * `unanswered` is the version that was read before a write of the configuration that got no answer.
 */
async function settle(
  context: TransactionContext,
  touched: readonly Want[],
  failures: Failures,
  unanswered: number | undefined,
): Promise<Omit<Result, 'foreign'>> {
  const reasonFor = (want: Want) => failures.get(want.hostname) ?? failures.get('*');
  try {
    const remote = await readRemote(context.cloudflare, context.scope.dns);
    if (unanswered !== undefined) noteOutsider(context, unanswered, remote.version);
    const missed = touched.filter((want) => !isAchieved(want, remote, context.scope));
    const goal = missed.map((want) => (reasonFor(want) ? { ...want, present: false } : want));
    const plan = makePlan(remote, goal, context.scope);
    const { failures: second, version } = isEmpty(plan) ? nothingWritten : await write(context, plan, remote);
    if (version !== undefined) noteOutsider(context, remote.version, version);
    const failed = new Map<string, MendableError>();
    for (const want of missed) {
      const reason = second.get(want.hostname) ?? second.get('*') ?? (want.present ? reasonFor(want) : undefined);
      if (reason) failed.set(want.hostname, reasonFor(want) ?? reason);
    }
    return {
      failed,
      changed: names(touched.filter((want) => !failed.has(want.hostname))),
      unsettled: second.size > 0 ? names(missed) : new Set(),
    };
  } catch (error) {
    const reason = mendable(error);
    context.log(`What was half done cannot be settled now (${reason.message}); the next run finishes it.`);
    return {
      failed: new Map(touched.map((want) => [want.hostname, reasonFor(want) ?? reason])),
      changed: new Set(),
      unsettled: names(touched),
    };
  }
}

function names(wants: readonly Want[]): Set<string> {
  return new Set(wants.map((want) => want.hostname));
}

/**
 * What a person is told of a failed call. Everything that is not a failed call or a message is a bug, and goes on its way;
 * so does a rate limit, which nothing here can do anything about.
 */
function mendable(error: unknown): MendableError {
  const reason = error instanceof CallFailure ? error.mendable : error;
  if (!(reason instanceof MendableError) || reason.code === 'rate-limited') throw reason;
  return reason;
}

/** Waits for both even if one fails, so that no call is under way any more when this returns; then rejects with the first failure. */
async function all<A, B>(one: Promise<A> | A, other: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}
