// The teacher's commands that refuse publications and allow them again: stop, pause, resume.
import { localTime } from '../provisioning/controls.ts';
import { FixableError } from '../provisioning/errors.ts';
import { Publisher } from '../provisioning/publisher.ts';
import type { TeacherAction } from '../provisioning/queue.ts';
import { listenerOf, type ActionContext } from './actions.ts';
import { openContext, openSession } from './session.ts';

export interface PauseOptions {
  /** ISO 8601. */
  readonly until?: string;
  readonly message?: string;
}

/** Takes the sites of these users down, or all. @throws FixableError `usage` unless exactly one of both is given */
export async function stop(context: ActionContext, users: readonly string[], all: boolean): Promise<void> {
  if (all === users.length > 0) throw new FixableError('usage', { problem: 'name users, or --all' });
  await decide(context, { kind: 'stop', ...named(users) }, ({ hostnames, apiCalls }) => {
    const event = { event: 'stopped', users: all ? null : users, hostnames, apiCalls };
    context.report.answer(hostnames.length > 0 ? `Stopped ${hostnames.join(', ')}.` : 'Nothing was live.', event);
  });
}

/** Refuses what these users publish, and takes their sites down; without a user, everybody's. */
export async function pause(context: ActionContext, users: readonly string[], options: PauseOptions): Promise<void> {
  const { until, message } = options;
  const end = until === undefined ? '' : ` until ${localTime(until, new Date().toISOString())}`;
  const about = { users: users.length > 0 ? users : null, until: until ?? null, message: message ?? null };
  await decide(context, { kind: 'pause', ...named(users), ...options }, ({ hostnames, apiCalls }) => {
    const removed = hostnames.length > 0 ? ` Removed ${hostnames.join(', ')}.` : '';
    const event = { event: 'paused', ...about, hostnames, apiCalls };
    context.report.answer(`Paused ${whom(users)}${end}.${removed}`, event);
  });
}

/** Ends the stop and the pause of these users; without a user, every stop and pause. */
export async function resume(context: ActionContext, users: readonly string[]): Promise<void> {
  await decide(context, { kind: 'resume', ...named(users) }, ({ apiCalls }) => {
    const event = { event: 'resumed', users: users.length > 0 ? users : null, apiCalls };
    context.report.answer(`Resumed ${whom(users)}.`, event);
  });
}

/** Takes the sites of users down who are no longer on the roster. Without an answer of its own. */
export async function takeDown(context: ActionContext, users: readonly string[]): Promise<void> {
  await decide(context, { kind: 'stop', users }, ({ hostnames }) => {
    if (hostnames.length > 0)
      context.report.progress({ event: 'stopped', users, hostnames }, `took ${hostnames.join(', ')} down`);
  });
}

/** The decision without the teacher's name. */
type Decision<A = TeacherAction> = A extends TeacherAction ? Omit<A, 'by'> : never;

/** The outcome of a decision. */
interface Decided {
  readonly hostnames: readonly string[];
  readonly apiCalls: number;
}

async function decide(
  { report, env, stop: signal, peer }: ActionContext,
  decision: Decision,
  answer: (decided: Decided) => void,
): Promise<void> {
  checkUsers(decision.users ?? []);
  const session = openSession(report, { env, peer });
  const publisher = await Publisher.open(openContext(session, report, env));
  const outcome = await publisher.request({ ...decision, by: session.caller.user }, listenerOf(report), signal);
  if (outcome.kind === 'error') throw FixableError.fromJSON(outcome.error);
  answer({ hostnames: outcome.kind === 'removed' ? outcome.hostnames : [], apiCalls: outcome.apiCalls });
  await publisher.serveOthers(signal);
}

/** @throws FixableError `usage` */
export function checkUsers(users: readonly string[]): void {
  const wrong = users.find((user) => !/^[^\s\p{Cc}]{1,64}$/u.test(user));
  if (wrong !== undefined) throw new FixableError('usage', { problem: `"${wrong}" is not the name of a user` });
}

const named = (users: readonly string[]) => (users.length > 0 ? { users } : {});
const whom = (users: readonly string[]): string => (users.length > 0 ? users.join(', ') : 'everyone');
