// The outcome of each request of a round, and its line in the audit log. Pure.
import type { Answer, DesiredState } from './desiredState.ts';
import { FixableError } from './errors.ts';
import type { SiteKey } from './publications.ts';
import type { Action, Outcome } from './queue.ts';
import type { Result } from './transaction.ts';

/** @param apiCalls calls of the whole round */
export function outcomeOf(answer: Answer, result: Result, apiCalls: number): Outcome {
  if (answer.kind === 'settled') return answer.outcome;
  if (answer.kind === 'remove') return removalOutcome(answer.sites, result, apiCalls);
  if (answer.kind === 'collect') return collectionOutcome(answer, result, apiCalls);
  const { hostname, port } = answer.site;
  const failure = result.failed.get(hostname);
  if (failure) return { kind: 'error', error: failure.toJSON(), apiCalls };
  return {
    kind: 'published',
    hostname: result.foreign.get(hostname) ?? hostname,
    port,
    created: result.changed.has(hostname),
    version: result.version,
    unchecked: result.unchecked,
    apiCalls,
  };
}

function collectionOutcome(
  { removed, repaired }: Extract<Answer, { kind: 'collect' }>,
  result: Result,
  apiCalls: number,
): Outcome {
  const outcome = removalOutcome(removed, result, apiCalls);
  if (outcome.kind !== 'removed') return outcome;
  const { hostnames } = outcome;
  const again = repaired.map(({ hostname }) => hostname).filter((hostname) => result.changed.has(hostname));
  const parts = [
    ...(hostnames.length > 0 ? [outcome.message] : []),
    ...(again.length > 0 ? [`Published ${again.join(', ')} again.`] : []),
  ];
  return { ...outcome, repaired: again, message: parts.join(' ') || 'Nothing was left behind.' };
}

function removalOutcome(sites: readonly SiteKey[], result: Result, apiCalls: number): Outcome {
  for (const { hostname, port } of sites) {
    const foreign = result.foreign.get(hostname);
    const failure = foreign
      ? new FixableError('rule-foreign', { hostname: foreign, port })
      : result.failed.get(hostname);
    if (failure) return { kind: 'error', error: failure.toJSON(), apiCalls };
  }
  const hostnames = sites.map((site) => site.hostname).filter((hostname) => result.changed.has(hostname));
  const keepsRecord = hostnames.some((hostname) => result.kept?.has(hostname));
  const message =
    hostnames.length === 0
      ? 'There was nothing to remove.'
      : `Removed ${hostnames.join(', ')}${keepsRecord ? '; the DNS record stays for a while' : ''}.`;
  return { kind: 'removed', hostnames, apiCalls, message };
}

/** Undefined if the request changed nothing. */
export function auditEntry(action: Action, outcome: Outcome): Record<string, unknown> | undefined {
  const entry = { user: userOf(action), port: 'site' in action ? action.site.port : undefined, what: action.kind };
  const about = 'by' in action ? { users: action.users?.join(' ') ?? 'everyone' } : {};
  switch (outcome.kind) {
    case 'published': {
      const { kind, hostname, created } = outcome;
      return created ? { ...entry, hostname, outcome: kind, created } : undefined;
    }
    case 'removed': {
      const { kind, hostnames, repaired = [] } = outcome;
      const changed = {
        ...(hostnames.length > 0 && { hostname: hostnames.join(' ') }),
        ...(repaired.length > 0 && { repaired: repaired.join(' ') }),
      };
      const isChange = Object.keys(changed).length > 0 || 'by' in action;
      return isChange ? { ...entry, ...about, ...changed, outcome: kind } : undefined;
    }
    case 'error':
      return { ...entry, ...about, outcome: outcome.error.code };
  }
}

function userOf(action: Action): string | undefined {
  if ('by' in action) return action.by;
  return 'site' in action ? action.site.user : 'user' in action ? action.user : undefined;
}

/** The changes that a round is about to make, for the audit log. */
export function intentsOf({ wants }: DesiredState, hostnames: ReadonlySet<string>): Record<string, unknown>[] {
  return [...wants.values()]
    .filter(({ hostname }) => hostnames.has(hostname))
    .map(({ hostname, user, port, present }) => ({ hostname, user, port, present }));
}
