// One change at Cloudflare: of each hostname the rule and the record are both as wanted afterwards, or neither is.
import { errorForPeople } from './checkedFetch.ts';
import { findUncheckedFile } from './configFault.ts';
import { FixableError } from './errors.ts';
import type { TunnelConfig } from './ingress.ts';
import { isAchieved, makePlan, type Plan, type Remote, type Scope, type Want } from './plan.ts';
import { changeRecords } from './recordBatches.ts';
import type { RoundApi } from './roundApi.ts';

export interface TransactionContext {
  readonly cloudflare: RoundApi;
  readonly scope: Scope;
  /** Called before every remote write. @throws FixableError `lock-lost` */
  readonly checkLock: () => void;
  /** Stores durably that these hostnames are being changed. */
  readonly intend: (hostnames: ReadonlySet<string>) => Promise<void>;
  /** Keeps the configuration that is about to be replaced. */
  readonly keep: (version: number, config: TunnelConfig) => Promise<void>;
  readonly log: (line: string) => void;
}

/** The result for each want. A hostname in none of these was as wanted already. */
export interface Result {
  readonly failed: ReadonlyMap<string, FixableError>;
  /** Served by a foreign rule: wanted hostname → that rule's hostname. */
  readonly foreign: ReadonlyMap<string, string>;
  /** Changed by this transaction, and as wanted now. */
  readonly changed: ReadonlySet<string>;
  /** Possibly half done. The next round completes or removes these. */
  readonly unsettled: ReadonlySet<string>;
  /** Hostnames whose record stays without a rule. */
  readonly kept?: ReadonlySet<string>;
  /** The version of the configuration that the connector has to load; undefined if none was written. */
  readonly version?: number | undefined;
  /** A file in that configuration that only the connector can check: see `findUncheckedFile`. */
  readonly unchecked?: string | undefined;
}

/** Failed hostnames with their reasons; `*` stands for every hostname of the write. */
type Failures = Map<string, FixableError>;

interface Written {
  readonly failures: Failures;
  /** The configuration's new version; undefined if it was not written or the answer was lost. */
  readonly version: number | undefined;
}

const nothingWritten: Written = { failures: new Map(), version: undefined };

/** Reads the configuration and the records side by side. */
export async function readRemote(cloudflare: RoundApi, dns: Scope['dns']): Promise<Remote> {
  const [configuration, records] = await both(
    cloudflare.readConfiguration(),
    dns === 'wildcard' ? [] : cloudflare.listRecords(),
  );
  return { ...configuration, records };
}

/**
 * Makes Cloudflare show the wants. A failure is settled by reading again and undoing only what failed; whatever cannot be undone now
 * stays unsettled.
 * @throws FixableError `rate-limited` at any point; the intents are stored, and no call is allowed now
 */
export async function transact(context: TransactionContext, wants: readonly Want[], remote: Remote): Promise<Result> {
  const plan = makePlan(remote, wants, context.scope);
  const unchecked = plan.config && findUncheckedFile(plan.config);
  const done = {
    failed: plan.refused,
    foreign: plan.foreign,
    changed: plan.touched,
    unsettled: new Set<string>(),
    kept: plan.kept,
  };
  if (isEmpty(plan)) return done;
  await context.intend(plan.touched);
  const { failures, version } = await write(context, plan, remote);
  const wasOverwritten = version !== undefined && noteOtherWriter(context, remote.version, version);
  if (failures.size === 0 && !wasOverwritten) return { ...done, version, unchecked };
  const unanswered = plan.config && version === undefined ? remote.version : undefined;
  const touched = wants.filter((want) => plan.touched.has(want.hostname));
  const settled = await settle(context, touched, failures, unanswered);
  return {
    ...settled,
    unchecked,
    kept: plan.kept,
    foreign: plan.foreign,
    failed: new Map([...plan.refused, ...settled.failed]),
  };
}

/**
 * Logs and reports whether the configuration was saved elsewhere between our read and our write. The API has no conditional write
 * and shows no earlier version, so that save is lost.
 */
function noteOtherWriter(context: TransactionContext, readVersion: number, version: number): boolean {
  if (version <= readVersion + 1) return false;
  context.log(
    `The tunnel's configuration was saved elsewhere in the same moment (version ${readVersion} was read, ${version} is there now), and that save may have to be made again. Ours is read and merged again.`,
  );
  return true;
}

export function isEmpty(plan: Plan): boolean {
  return plan.config === undefined && plan.create.length === 0 && plan.remove.length === 0;
}

/** Writes the configuration and the records side by side. If only one succeeds, the other is settled by reading. */
async function write(context: TransactionContext, plan: Plan, remote: Remote): Promise<Written> {
  const failures: Failures = new Map();
  const failAll = (error: unknown): undefined => {
    failures.set('*', fixableError(error));
  };
  const [version] = await both(
    writeConfiguration(context, plan, remote).catch(failAll),
    changeRecords({ ...context, own: remote.records, spare: plan.spare }, plan, (hostname, error) =>
      failures.set(hostname, error),
    ).catch(failAll),
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
 * Reads again after a write that failed or met another writer. Hostnames that are as wanted stay, whatever their call reported; a
 * failed publication is removed, and every other want is tried once more. No write is repeated blindly.
 * @param unanswered the version that was read before a write of the configuration that got no answer
 */
async function settle(
  context: TransactionContext,
  touched: readonly Want[],
  failures: Failures,
  unanswered: number | undefined,
): Promise<Omit<Result, 'foreign'>> {
  const reasonFor = ({ hostname }: Want) => failures.get(hostname) ?? failures.get('*');
  try {
    const remote = await readRemote(context.cloudflare, context.scope.dns);
    if (unanswered !== undefined) noteOtherWriter(context, unanswered, remote.version);
    const missed = touched.filter((want) => !isAchieved(want, remote, context.scope));
    const goal = missed.map((want) => (reasonFor(want) ? { ...want, present: false } : want));
    const plan = makePlan(remote, goal, context.scope);
    const { failures: second, version } = isEmpty(plan) ? nothingWritten : await write(context, plan, remote);
    if (version !== undefined) noteOtherWriter(context, remote.version, version);
    const failed = new Map<string, FixableError>();
    for (const want of missed) {
      const first = reasonFor(want);
      const reason = second.get(want.hostname) ?? second.get('*') ?? (want.present ? first : undefined);
      if (reason) failed.set(want.hostname, first ?? reason);
    }
    return {
      failed,
      changed: hostnamesOf(touched.filter((want) => !failed.has(want.hostname))),
      unsettled: second.size > 0 ? hostnamesOf(missed) : new Set(),
      version: version ?? remote.version,
    };
  } catch (error) {
    const reason = fixableError(error);
    context.log(`A change is half done and cannot be settled now (${reason.message}); the next run finishes it.`);
    return {
      failed: new Map(touched.map((want) => [want.hostname, reasonFor(want) ?? reason])),
      changed: new Set(),
      unsettled: hostnamesOf(touched),
    };
  }
}

function hostnamesOf(wants: readonly Want[]): Set<string> {
  return new Set(wants.map(({ hostname }) => hostname));
}

/** The error that a person can fix. A bug is thrown on, and so is a rate limit, which a transaction cannot work around. */
function fixableError(error: unknown): FixableError {
  const reason = errorForPeople(error);
  if (!(reason instanceof FixableError) || reason.code === 'rate-limited') throw reason;
  return reason;
}

/** Waits for both even if one fails, so that no call is under way afterwards; then rejects with the first failure. */
async function both<A, B>(a: Promise<A> | A, b: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}
