// One round: serves all queued requests with one read and one change at Cloudflare.
import { CallFailure, errorForPeople } from './checkedFetch.ts';
import type { SocketsOn } from './controls.ts';
import { desiredState, type DesiredState } from './desiredState.ts';
import { FixableError } from './errors.ts';
import type { FormerHolders } from './formerHolders.ts';
import type { History } from './history.ts';
import type { HeldLock } from './lock.ts';
import { closedPause } from './openingHours.ts';
import type { Remote, Scope } from './plan.ts';
import { livenessOf, type ProcessIdentity } from './processIdentity.ts';
import { emptyState, ownedHostnames, type PublicationStore, type StoredState } from './publications.ts';
import type { Outcome, Queue, Request } from './queue.ts';
import type { RoundApi } from './roundApi.ts';
import { auditEntry, intentsOf, outcomeOf } from './roundOutcomes.ts';
import { intendedState, nextState, recoveredState, withOrphans } from './roundState.ts';
import { readRemote, transact, type Result } from './transaction.ts';

export interface RoundContext {
  readonly queue: Queue;
  readonly publications: PublicationStore;
  readonly history: History;
  readonly formerHolders: FormerHolders;
  readonly cloudflare: RoundApi;
  readonly lock: HeldLock;
  readonly scope: Omit<Scope, 'owned'>;
  readonly machine: string;
  readonly self: ProcessIdentity;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly isListening: (port: number) => boolean;
  readonly socketsOn?: SocketsOn | undefined;
  readonly openingHours: readonly string[];
  readonly maxSitesPerUser: number;
  /** Milliseconds for which a record outlives its rule. */
  readonly keepRecordFor: number;
  /** Calls made so far by this round. */
  readonly callCount: () => number;
  readonly log: (line: string) => void;
  /** Milliseconds for which a request stays queued while the API is too slow to be read. */
  readonly patience: number;
}

/**
 * Serves every queued request, and those that arrive while it reads, with one read, one write of the configuration and one batch of
 * records. Each request gets its own outcome. Call it while holding the lock.
 * @throws FixableError `rate-limited` or `lock-lost`; the requests stay queued
 */
export async function serveRound(context: RoundContext): Promise<void> {
  const { queue, publications, lock, now } = context;
  const started = now();
  const formerHolders = await context.formerHolders.list(started);
  const round: Round = { ...context, started, verifyAll: formerHolders.length > 0 };
  let requests = await queue.pending(started);
  const stored = await publications.load();
  try {
    const remote = await readIfNeeded(round, stored, requests);
    // Requests that arrived during the read are served too, which saves a round.
    if (remote) requests = await queue.pending(now());
    const state = await trustedState(round, stored, needsVerification(round, stored, requests) ? remote : undefined);
    const desired = desiredFrom(round, state, requests);
    const result = remote && desired.wants.size > 0 ? await carryOut(round, state, desired, remote) : nothingToDo;
    lock.check();
    await publications.save(nextState(state, desired, result, isoTime(now())));
    await context.formerHolders.forget(formerHolders.filter(({ hasEnded }) => hasEnded));
    await answerAll(round, requests, desired, result);
  } catch (error) {
    await failAll(round, requests, error);
  }
}

interface Round extends RoundContext {
  /** Milliseconds since 1970. */
  readonly started: number;
  /** Compare every publication with Cloudflare, because a former lock holder may have changed it late. */
  readonly verifyAll: boolean;
}

const nothingToDo: Result = { failed: new Map(), foreign: new Map(), changed: new Set(), unsettled: new Set() };

async function readIfNeeded(
  round: Round,
  stored: StoredState | undefined,
  requests: readonly Request[],
): Promise<Remote | undefined> {
  const isNeeded =
    stored === undefined ||
    needsVerification(round, stored, requests) ||
    desiredFrom(round, stored, requests).wants.size > 0;
  return isNeeded ? readRemote(round.cloudflare, round.scope.dns) : undefined;
}

/** Whether the stored state has to be compared with Cloudflare. */
function needsVerification(
  { verifyAll }: Round,
  stored: StoredState | undefined,
  requests: readonly Request[],
): boolean {
  return verifyAll || stored === undefined || requests.some(({ action }) => action.kind === 'collect');
}

function desiredFrom(round: Round, state: StoredState, requests: readonly Request[]): DesiredState {
  const now = isoTime(round.now());
  return desiredState(state, requests, {
    now,
    closed: closedPause(round.openingHours, now),
    livenessOf: (process) => livenessOf(process, round.self),
    isListening: round.isListening,
    ...(round.socketsOn && { socketsOn: round.socketsOn }),
    maxSitesPerUser: round.maxSitesPerUser,
    keepRecordFor: round.keepRecordFor,
    verifyAll: round.verifyAll,
  });
}

/** The stored state, corrected by `remote`. A lost state is rebuilt from Cloudflare. */
async function trustedState(
  { publications, machine, scope, now, keepRecordFor }: Round,
  stored: StoredState | undefined,
  remote: Remote | undefined,
): Promise<StoredState> {
  if (!remote) return stored ?? emptyState;
  if (stored) return withOrphans(stored, remote, { machine, scope });
  return recoveredState(remote, { machine, scope }, await publications.loadCopy(), {
    now: isoTime(now()),
    keepsRecords: keepRecordFor > 0,
  });
}

async function carryOut(round: Round, state: StoredState, desired: DesiredState, remote: Remote): Promise<Result> {
  const { cloudflare, history, lock, now, publications } = round;
  const notes: string[] = [];
  const result = await transact(
    {
      cloudflare,
      log: (line) => {
        notes.push(line);
      },
      scope: { ...round.scope, owned: ownedHostnames(state), idle: new Set(state.idle.keys()) },
      checkLock: () => {
        lock.check();
      },
      keep: (version, config) => history.keep(isoTime(now()), version, config),
      intend: async (hostnames) => {
        lock.check();
        await history.audit({ at: isoTime(now()), what: 'intent', changes: intentsOf(desired, hostnames) });
        await publications.save(intendedState(state, desired, hostnames));
      },
    },
    [...desired.wants.values()],
    remote,
  );
  for (const message of notes) {
    round.log(message);
    await history.audit({ at: isoTime(now()), what: 'note', message });
  }
  return result;
}

async function answerAll(
  round: Round,
  requests: readonly Request[],
  desired: DesiredState,
  result: Result,
): Promise<void> {
  const apiCalls = round.callCount();
  await Promise.all(
    requests.map(async (request) => {
      const answer = desired.answers.get(request.id);
      if (answer) await respond(round, request, outcomeOf(answer, result, apiCalls));
    }),
  );
}

/**
 * Handles a round that could change nothing at Cloudflare. Removals are stored, so that the next round carries them out; live sites
 * stay live. Requests that needed no call are answered. Under a rate limit the others stay queued. They also stay queued, for
 * `patience`, if the API did not answer in time: no write was made yet, so the next round can start over.
 */
async function failAll(round: Round, requests: readonly Request[], error: unknown): Promise<void> {
  const { lock, publications, callCount, patience, started } = round;
  const reason = errorForPeople(error);
  if (!(reason instanceof FixableError) || reason.code === 'lock-lost') throw reason;
  lock.check();
  const isLate = error instanceof CallFailure && error.isLate;
  const stored = await publications.load(); // with the intents of this round
  const desired = desiredFrom(round, stored ?? emptyState, requests);
  if (stored) {
    const removals = [...desired.wants.values()].filter((want) => !want.present);
    await publications.save(intendedState(stored, desired, new Set(removals.map((want) => want.hostname))));
  }
  for (const request of requests) {
    const answer = stored ? desired.answers.get(request.id) : undefined;
    const staysQueued = reason.code === 'rate-limited' || (isLate && started - request.at < patience);
    if (answer?.kind === 'settled') await respond(round, request, answer.outcome);
    else if (!staysQueued)
      await respond(round, request, { kind: 'error', error: reason.toJSON(), apiCalls: callCount() });
  }
  if (reason.code === 'rate-limited') throw reason;
}

async function respond({ history, now, queue, started }: Round, request: Request, outcome: Outcome): Promise<void> {
  const entry = auditEntry(request.action, outcome);
  if (entry)
    await history.audit({ at: isoTime(now()), ...entry, milliseconds: now() - started, apiCalls: outcome.apiCalls });
  await queue.settle(request.id, outcome);
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
