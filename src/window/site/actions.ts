// The steps of a site's state machine: each returns the next state and its effects. transitions.ts says when. Pure.
import type { ProcessId, ShellId } from '../../shell/processIds.ts';
import {
  idleSite,
  isRunning,
  kept,
  leaseOf,
  noPort,
  pausedCode,
  publicationOf,
  stoppedByTeacherCode,
} from './siteState.ts';
import type {
  Away,
  Effect,
  Failed,
  Lease,
  Live,
  Of,
  Problem,
  Publishing,
  Run,
  Site,
  SiteEvent,
  Step,
  Stopped,
  AwaitingServer,
} from './siteState.ts';

/** The states in which something may be public. */
export type Public = AwaitingServer | Live | Stopped | Away | Failed;

export const step = (site: Site, ...effects: Effect[]): Step => ({ site, effects });

export function withRun(site: Site, shell: ShellId, run: Run): ReadonlyMap<ShellId, Run> {
  return new Map(site.runs).set(shell, run);
}

const withoutChoice = ({ process, running }: Run): Run => ({ ...(process !== undefined && { process }), running });

export function withEnded(site: Site, shell: ShellId): ReadonlyMap<ShellId, Run> {
  const run = site.runs.get(shell);
  return run ? withRun(site, shell, { ...run, running: false }) : site.runs;
}

interface Started {
  readonly shell: ShellId;
  readonly process: ProcessId;
  readonly shows?: number;
}

/** The last choice of the student counts. */
export function startedRun(site: Site, { shell, process, shows }: Started): ReadonlyMap<ShellId, Run> {
  if (shows === undefined) return withRun(site, shell, { process, running: true });
  const runs = new Map([...site.runs].map(([id, run]): [ShellId, Run] => [id, withoutChoice(run)]));
  return runs.set(shell, { process, running: true, shows });
}

/** Adds a run for a site that the student published by hand: no process is known, and it counts as running. */
export const heldByHand = (site: Site, shell: ShellId): ReadonlyMap<ShellId, Run> =>
  site.runs.has(shell) ? site.runs : withRun(site, shell, { running: true });

// These three keep the kind and update the shell's run.
export const anotherRan = (site: Site, event: Started): Step => step({ ...site, runs: startedRun(site, event) });
export const runEnded = (site: Site, event: { shell: ShellId }): Step =>
  withoutServer({ ...site, runs: withEnded(site, event.shell) });
export const restored = (site: Site, event: { shell: ShellId }): Step =>
  step(site.runs.has(event.shell) ? site : { ...site, runs: withRun(site, event.shell, { running: false }) });

/** The terminal has closed. With the last one, the window releases its lease. */
export function closed(site: Site, event: { shell: ShellId }): Step {
  const runs = new Map(site.runs);
  if (!runs.delete(event.shell)) return step(site);
  if (runs.size > 0) return withoutServer({ ...site, runs });
  return step(idleSite, ...release(site));
}

/** The life of the current lease, or of the one that is being published. */
const lifeOf = (site: Site): number | undefined => (site.kind === 'publishing' ? site.life : leaseOf(site)?.life);

function release(site: Site): Effect[] {
  const life = lifeOf(site);
  return life === undefined ? [] : [{ type: 'release', life }];
}

/** A public site whose last command has ended is stopped. */
function withoutServer(site: Site): Step {
  if (isRunning(site)) return step(site);
  if (site.kind !== 'waiting' && site.kind !== 'live') return step(site);
  return step({ kind: 'stopped', ...kept(site), lease: site.lease });
}

export function publish(
  site: Site,
  runs: ReadonlyMap<ShellId, Run>,
  newLife: number,
  verify: boolean,
  notified: boolean,
): Step<Publishing> {
  const lease = leaseOf(site);
  const life = lease?.life ?? newLife;
  return {
    site: { ...kept(site), kind: 'publishing', runs, notified, life, ...(lease && { lease }) },
    effects: [{ type: 'publish', life, verify }],
  };
}

export const publishAgain = (site: Site, event: { shell: ShellId }, life: number): Step =>
  publish(site, heldByHand(site, event.shell), life, true, site.notified);

/** The student took the site down: it is not published again until the command starts again. */
export function unpublish(site: Site): Step {
  const lease = leaseOf(site);
  return step(
    { kind: 'idle', runs: site.runs, notified: false },
    ...(lease ? [{ type: 'unpublish', lease } as const] : release(site)),
  );
}

export function held(site: AwaitingServer | Live | Stopped | Away, lease: Lease): Step {
  return step({ kind: isRunning(site) ? 'waiting' : 'stopped', ...kept(site), lease });
}

/** The student is notified of a site that was not live before. */
export function nowLive(site: AwaitingServer, { path }: Of<SiteEvent, 'type', 'listening'>): Step {
  const next: Live = {
    ...kept(site),
    kind: 'live',
    notified: true,
    lease: site.lease,
    ...(path !== undefined && { path }),
  };
  const publication = publicationOf(next) ?? site.lease.publication;
  return step(next, ...(site.notified ? [] : [{ type: 'notifyLive', publication } as const]));
}

export const nowFailed = (site: Site, problem: Problem, lease: Lease | undefined, ...effects: Effect[]): Step =>
  step({ kind: 'failed', ...kept(site), problem, ...(lease && { lease }) }, ...effects, {
    type: 'notifyProblem',
    problem,
  });

/** The site must not stay public, because another user's program has the port. */
export const withdrawn = (site: Public | Publishing, event: { problem: Problem }): Step =>
  nowFailed(site, event.problem, undefined, ...release(site));

export const nowAway = (site: (AwaitingServer | Live | Stopped | Failed) & { lease: Lease }): Step =>
  step({ kind: 'away', ...kept(site), lease: site.lease });

/** A new lease brings a new guardian; without one, the site would outlive this window. */
export function guardianLost(site: Public | Publishing, event: { life: number }, life: number): Step {
  if (lifeOf(site) !== event.life) return step(site);
  return step({ kind: 'publishing', ...kept(site), life }, { type: 'publish', life, verify: false });
}

export function published(site: Publishing, event: Of<SiteEvent, 'type', 'published'>): Step {
  if (event.life !== site.life) return step(site);
  const lease = { life: event.life, publication: event.publication };
  // The student is notified of a new publication, not of one that was taken over after a reload.
  const known = event.created
    ? kept({ ...idleSite, runs: site.runs, ...(site.lost && { lost: site.lost }) })
    : kept(site);
  return step({ kind: isRunning(site) ? 'waiting' : 'stopped', ...known, lease });
}

export function refused(site: Publishing, event: Of<SiteEvent, 'type', 'refused'>): Step {
  const { life, lease } = site;
  if (event.life !== life) return step(site);
  if (event.problem.code === stoppedByTeacherCode)
    return nowFailed(site, event.problem, undefined, { type: 'release', life });
  const abandon: Effect[] = lease ? [] : [{ type: 'abandon', life }];
  return event.retryAfterSeconds === undefined
    ? nowFailed(site, event.problem, lease, ...abandon)
    : failedForNow(site, event.problem, event.retryAfterSeconds, abandon);
}

/** Each failure doubles the pause between two tries, up to this number. */
const maxFailures = 5;

/** A temporary error is retried with growing pauses; the student is notified once. */
function failedForNow(site: Publishing, cause: Problem, seconds: number, effects: readonly Effect[]): Step {
  const { life, lease } = site;
  const failures = Math.min((site.failures ?? 0) + 1, maxFailures);
  // A pause says when to try again.
  const factor = cause.code === pausedCode ? 1 : 2 ** (failures - 1);
  const problem = { ...cause, isRetried: true } as const;
  return step(
    { kind: 'failed', ...kept(site), problem, retry: { life, failures }, ...(lease && { lease }) },
    ...effects,
    { type: 'retryIn', life, seconds: seconds * factor },
    ...(site.failures === undefined ? [{ type: 'notifyProblem', problem } as const] : []),
  );
}

export function tryAgain(site: Failed, event: { life: number }, life: number): Step {
  if (site.retry?.life !== event.life || !isRunning(site)) return step(site);
  const { site: next, effects } = publish(site, site.runs, life, site.lease !== undefined, site.notified);
  return step({ ...next, failures: site.retry.failures }, ...effects);
}

export function delayed(site: Publishing, event: Of<SiteEvent, 'type', 'queued' | 'busy'>): Step {
  if (event.life !== site.life) return step(site);
  const next = { ...site, note: event.note };
  return event.type === 'busy' ? step(next, { type: 'retryAt', life: site.life, at: event.note.until }) : step(next);
}

export function unpublishEarly(site: Publishing): Step {
  const { life, lease } = site;
  return step(
    { kind: 'idle', runs: site.runs, notified: false },
    lease ? { type: 'unpublish', lease } : { type: 'release', life },
  );
}

export function withoutNote(site: Publishing): Publishing {
  const { life, lease } = site;
  return { ...kept(site), kind: 'publishing', life, ...(lease && { lease }) };
}

export function withoutPort(site: Site, event: { shell: ShellId; process: ProcessId }): Step {
  return step(
    { kind: 'notPublic', runs: startedRun(site, event), notified: true },
    ...(site.notified ? [] : [{ type: 'notifyProblem', problem: noPort } as const]),
  );
}

export function withBadPort(site: Site, event: Of<SiteEvent, 'type', 'ranWithBadPort'>): Step {
  return nowFailed({ ...site, runs: startedRun(site, event) }, event.problem, undefined);
}
