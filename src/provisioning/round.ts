import { desiredState, type DesiredState, type Answer } from './desiredState.ts';
import { CallFailure } from './checkedFetch.ts';
import type { RoundApi } from './roundApi.ts';
import { MendableError } from './errors.ts';
import type { History } from './history.ts';
import { livenessOf, type ProcessIdentity } from './processIdentity.ts';
import type { HeldLock } from './lock.ts';
import { isMarkedOn, parseMarker } from './marker.ts';
import { recordTarget, type Remote, type Scope } from './plan.ts';
import type { Outcome, Queue, Request } from './queue.ts';
import {
  emptyState,
  ownedHostnames,
  recover,
  type StoredPublication,
  type PublicationStore,
  type SiteKey,
  type StoredState,
} from './publications.ts';
import { readRemote, transact, type Result } from './transaction.ts';

export interface RoundContext {
  readonly queue: Queue;
  readonly records: PublicationStore;
  readonly history: History;
  readonly cloudflare: RoundApi;
  readonly lock: HeldLock;
  readonly scope: Omit<Scope, 'owned'>;
  readonly machine: string;
  readonly self: ProcessIdentity;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly isListening: (port: number) => boolean;
  /** Calls made so far by this round. */
  readonly callCount: () => number;
  readonly log: (line: string) => void;
  /** Milliseconds for which a request outlives an API that is too slow to be read. */
  readonly patience: number;
}

/**
 * One group commit: serves every request that waits, and that comes while it reads, with one read, one write of the configuration
 * and one batch of records, and gives each its own outcome. To be called under the lock. Answers the ids of those whom it has served.
 * @throws MendableError `rate-limited` or `lock-lost`: then the requests still wait
 */
export async function serveRound(context: RoundContext): Promise<string[]> {
  const started = context.now();
  let requests = await context.queue.pending(started);
  const loaded = await context.records.load();
  try {
    const needed = await readIfNeeded(context, loaded, requests);
    // Who came while we read is served too: to them, and to whoever comes in a crowd, it saves a round.
    if (needed) requests = await context.queue.pending(context.now());
    const state = await trustedState(context, loaded, needsLook(loaded, requests) ? needed : undefined);
    const agenda = agendaOf(context, state, requests);
    const result = needed && agenda.wants.size > 0 ? await carryOut(context, state, agenda, needed) : nothingToDo;
    context.lock.check();
    await context.records.save(nextState(state, agenda, result));
    await answer(context, requests, agenda, result, started);
  } catch (error) {
    await failAll(context, requests, error, started);
  }
  return requests.map(({ id }) => id);
}

/** What Cloudflare shows, where anything that is asked needs it. */
async function readIfNeeded(
  context: RoundContext,
  loaded: StoredState | undefined,
  requests: readonly Request[],
): Promise<Remote | undefined> {
  const isNeeded =
    loaded === undefined || needsLook(loaded, requests) || agendaOf(context, loaded, requests).wants.size > 0;
  return isNeeded ? readRemote(context.cloudflare, context.scope.dns) : undefined;
}

/** Must the state itself be held against what Cloudflare shows? */
function needsLook(loaded: StoredState | undefined, requests: readonly Request[]): boolean {
  return loaded === undefined || requests.some((request) => request.action.kind === 'collect');
}

const nothingToDo: Result = { failed: new Map(), foreign: new Map(), changed: new Set(), unsettled: new Set() };

async function carryOut(
  context: RoundContext,
  state: StoredState,
  agenda: DesiredState,
  remote: Remote,
): Promise<Result> {
  const { cloudflare, lock } = context;
  const notes: string[] = [];
  const result = await transact(
    {
      cloudflare,
      log: (line) => {
        notes.push(line);
      },
      scope: { ...context.scope, owned: ownedHostnames(state) },
      checkLock: () => {
        lock.check();
      },
      keep: (version, config) => context.history.keep(isoTime(context.now()), version, config),
      intend: async (hostnames) => {
        lock.check();
        await context.records.save(intended(state, agenda, hostnames));
      },
    },
    [...agenda.wants.values()],
    remote,
  );
  for (const note of notes) {
    context.log(note);
    await context.history.audit({ at: isoTime(context.now()), what: 'note', message: note });
  }
  return result;
}

function agendaOf(context: RoundContext, state: StoredState, requests: readonly Request[]): DesiredState {
  return desiredState(state, requests, {
    now: isoTime(context.now()),
    livenessOf: (process) => livenessOf(process, context.self),
    isListening: context.isListening,
  });
}

/** Where the state is lost, what Cloudflare shows stands in; where Cloudflare was asked, what nobody here knows of is unsettled. */
async function trustedState(
  context: RoundContext,
  loaded: StoredState | undefined,
  remote: Remote | undefined,
): Promise<StoredState> {
  if (!remote) return loaded ?? emptyState;
  const { machine, scope } = context;
  if (!loaded)
    return recover(
      remote,
      machine,
      { ...scope, owned: new Set() },
      await context.records.loadCopy(),
      isoTime(context.now()),
    );
  const orphans = remote.records.flatMap((record): SiteKey[] => {
    const marker = parseMarker(record.comment);
    const ours =
      marker &&
      isMarkedOn(record.comment, machine) &&
      record.content === recordTarget(scope.tunnelId) &&
      !loaded.publications.has(record.name);
    return ours ? [{ ...marker, hostname: record.name, service: `http://localhost:${marker.port}` }] : [];
  });
  return {
    ...loaded,
    unsettled: new Map([...orphans.map((site) => [site.hostname, site] as const), ...loaded.unsettled]),
  };
}

/**
 * What is on the disk while the change is under way, and if it fails: what shall go is nobody's any more, what shall come is
 * nobody's yet, and who only joined or left others holds or does not.
 */
function intended(state: StoredState, agenda: DesiredState, hostnames: ReadonlySet<string>): StoredState {
  const publications = new Map<string, StoredPublication>();
  for (const [hostname, before] of state.publications) {
    const after = agenda.publications.get(hostname);
    if (after) publications.set(hostname, { ...before, holders: after.holders });
  }
  return { publications, unsettled: withUnsettled(state.unsettled, agenda, hostnames) };
}

function nextState(state: StoredState, agenda: DesiredState, result: Result): StoredState {
  const publications = new Map(agenda.publications);
  for (const hostname of [...result.failed.keys(), ...result.foreign.keys()]) publications.delete(hostname);
  const open = new Map([...state.unsettled].filter(([hostname]) => !agenda.wants.has(hostname)));
  return { publications, unsettled: withUnsettled(open, agenda, result.unsettled) };
}

function withUnsettled(
  before: StoredState['unsettled'],
  agenda: DesiredState,
  hostnames: ReadonlySet<string>,
): StoredState['unsettled'] {
  const wants = [...agenda.wants.values()].filter((want) => hostnames.has(want.hostname));
  return new Map([...before, ...wants.map((want) => [want.hostname, siteOf(want)] as const)]);
}

function siteOf({ hostname, user, port, machine, service }: SiteKey): SiteKey {
  return { hostname, user, port, machine, service };
}

async function answer(
  context: RoundContext,
  requests: readonly Request[],
  agenda: DesiredState,
  result: Result,
  started: number,
): Promise<void> {
  await Promise.all(
    requests.map(async (request) => {
      const answered = agenda.answers.get(request.id);
      if (!answered) return;
      await tell(context, request, outcomeOf(answered, result, context.callCount()), started);
    }),
  );
}

function outcomeOf(answer: Answer, result: Result, apiCalls: number): Outcome {
  if (answer.kind === 'settled') return answer.outcome;
  if (answer.kind === 'publish') {
    const { site } = answer;
    const failure = result.failed.get(site.hostname);
    if (failure) return { kind: 'error', error: failure.toJSON(), apiCalls };
    return {
      kind: 'published',
      hostname: result.foreign.get(site.hostname) ?? site.hostname,
      port: site.port,
      created: result.changed.has(site.hostname),
      apiCalls,
    };
  }
  return removalOutcome(answer.sites, result, apiCalls);
}

function removalOutcome(sites: readonly SiteKey[], result: Result, apiCalls: number): Outcome {
  for (const site of sites) {
    const other = result.foreign.get(site.hostname);
    const failure = other
      ? new MendableError('rule-foreign', { hostname: other, port: site.port })
      : result.failed.get(site.hostname);
    if (failure) return { kind: 'error', error: failure.toJSON(), apiCalls };
  }
  const gone = sites.map((site) => site.hostname).filter((hostname) => result.changed.has(hostname));
  return {
    kind: 'removed',
    hostnames: gone,
    apiCalls,
    message: gone.length > 0 ? `Removed ${gone.join(', ')}.` : 'There was nothing to remove.',
  };
}

/**
 * Nothing could be done at Cloudflare. What was to be taken down is noted, so that the next run does it; what was live stays.
 * Who needed nothing of Cloudflare is answered all the same; under a rate limit the others go on waiting, and so does, for a
 * while, who came to a moment in which nothing answers in time: nothing was written yet, so the next round may begin anew.
 */
async function failAll(
  context: RoundContext,
  requests: readonly Request[],
  error: unknown,
  started: number,
): Promise<void> {
  const reason = error instanceof CallFailure ? error.mendable : error;
  if (!(reason instanceof MendableError) || reason.code === 'lock-lost') throw reason;
  context.lock.check();
  const isLate = error instanceof CallFailure && error.isLate;
  const state = await context.records.load(); // as the intents left it
  const agenda = agendaOf(context, state ?? emptyState, requests);
  if (state) {
    const removals = [...agenda.wants.values()].filter((want) => !want.present);
    await context.records.save(intended(state, agenda, new Set(removals.map((want) => want.hostname))));
  }
  for (const request of requests) {
    const local = state ? agenda.answers.get(request.id) : undefined;
    if (local?.kind === 'settled') await tell(context, request, local.outcome, started);
    else if (isLate && started - request.at < context.patience) continue;
    else if (reason.code !== 'rate-limited')
      await tell(context, request, { kind: 'error', error: reason.toJSON(), apiCalls: context.callCount() }, started);
  }
  if (reason.code === 'rate-limited') throw reason;
}

async function tell(context: RoundContext, request: Request, outcome: Outcome, started: number): Promise<void> {
  const { action } = request;
  const isChange =
    outcome.kind === 'error' || (outcome.kind === 'published' ? outcome.created : outcome.hostnames.length > 0);
  if (isChange) {
    await context.history.audit({
      at: isoTime(context.now()),
      user: action.kind === 'release' ? action.user : action.kind === 'collect' ? undefined : action.site.user,
      port: 'site' in action ? action.site.port : undefined,
      what: action.kind,
      hostname:
        outcome.kind === 'published'
          ? outcome.hostname
          : outcome.kind === 'removed'
            ? outcome.hostnames.join(' ')
            : undefined,
      outcome: outcome.kind === 'error' ? outcome.error.code : outcome.kind,
      created: outcome.kind === 'published' ? outcome.created : undefined,
      milliseconds: context.now() - started,
      apiCalls: outcome.apiCalls,
    });
  }
  await context.queue.settle(request.id, outcome);
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
