// A class in which a teacher stops and pauses sites, and a model of it.
import assert from 'node:assert/strict';
import type { Pause } from '../../src/provisioning/controls.ts';
import { desiredState, type DesiredState } from '../../src/provisioning/desiredState.ts';
import type { DesiredStateContext } from '../../src/provisioning/desiredStateContext.ts';
import { FixableError } from '../../src/provisioning/errors.ts';
import type { Action } from '../../src/provisioning/queue.ts';
import { emptyState, type StoredState } from '../../src/provisioning/publications.ts';
import { nextState } from '../../src/provisioning/roundState.ts';
import { publish } from '../fixtures/provisioning/publishing.ts';

const zero = Date.parse('2026-01-01T10:00:00.000Z');
export const iso = (seconds: number) => new Date(zero + seconds * 1000).toISOString();
export const self = { pid: 1, bootId: 'boot', pidNamespace: 'namespace', host: 'host1' };
const noChange = { failed: new Map(), foreign: new Map(), changed: new Set<string>(), unsettled: new Set<string>() };

/** A class whose rounds succeed at once. */
export class World {
  state: StoredState = emptyState;
  seconds = 0;
  closed: Pause | undefined;
  #count = 0;
  /** The inodes of the sockets that listen, by port. */
  readonly sockets = new Map<number, readonly number[]>();

  /** Serves one request in a round of its own. @returns the code of its error, or the kind of its answer */
  ask(action: Action): string {
    const { answer } = this.round(action);
    if (answer?.kind !== 'settled') return answer?.kind ?? 'none';
    return answer.outcome.kind === 'error' ? answer.outcome.error.code : answer.outcome.kind;
  }

  round(action: Action) {
    const context: DesiredStateContext = {
      now: iso(this.seconds),
      livenessOf: () => 'alive',
      isListening: () => false,
      closed: this.closed,
      socketsOn: (port) => this.sockets.get(port) ?? [],
      maxSitesPerUser: 3,
    };
    const id = `request-${(this.#count += 1)}`;
    const desired: DesiredState = desiredState(this.state, [{ version: 1, id, at: 0, by: self, action }], context);
    this.state = nextState(this.state, desired, noChange, context.now);
    return { answer: desired.answers.get(id), wants: [...desired.wants.values()] };
  }

  /** The error of a refused request. */
  refusal(action: Action): FixableError {
    const { answer, wants } = this.round(action);
    assert.deepEqual(wants, [], 'a refused publication needs no call');
    assert.ok(answer?.kind === 'settled' && answer.outcome.kind === 'error');
    return FixableError.fromJSON(answer.outcome.error);
  }

  get live(): string[] {
    return [...this.state.publications.values()].map(({ user }) => user).sort();
  }
}

const by = 'teacher';
export const stop = (...users: string[]): Action => ({ kind: 'stop', by, ...(users.length > 0 && { users }) });
export const pause = (users: readonly string[], more: { until?: string; message?: string } = {}): Action => ({
  kind: 'pause',
  by,
  ...(users.length > 0 && { users }),
  ...more,
});
export const resume = (...users: string[]): Action => ({ kind: 'resume', by, ...(users.length > 0 && { users }) });

/** Publishes the site of a student for a server that was started at this second; undefined: nothing tells when. */
export function start(number: number, startedAt: number | undefined, service?: string): Action {
  const action = publish(number);
  assert.ok(action.kind === 'publish');
  const where = service === undefined ? action.site : { ...action.site, service };
  return { ...action, site: where, ...(startedAt !== undefined && { startedAt: iso(startedAt) }) };
}

/** Each student has one server, which is live or not; 0 stands for everyone's pause. */
export class Model {
  #startedAt = new Map<number, number>();
  #stops = new Map<number, number>();
  #pauses = new Map<number, number>();
  #live = new Set<number>();

  /** @param fresh whether the student starts the server again first */
  publish(number: number, seconds: number, fresh: boolean): string | undefined {
    if (fresh || !this.#startedAt.has(number)) this.#startedAt.set(number, seconds);
    if ((this.#startedAt.get(number) ?? 0) <= (this.#stops.get(number) ?? -1)) return 'stopped-by-teacher';
    this.#stops.delete(number);
    if ([0, number].some((of) => (this.#pauses.get(of) ?? 0) > seconds)) return 'paused';
    this.#live.add(number);
    return undefined;
  }
  startOf(number: number): number | undefined {
    return this.#startedAt.get(number);
  }
  release(number: number): void {
    this.#live.delete(number);
  }
  stop(users: readonly number[], seconds: number): void {
    for (const number of users.length === 0 ? [...this.#live] : users) this.#stops.set(number, seconds);
    this.#takeDown(users);
  }
  pause(users: readonly number[], until: number): void {
    for (const number of users.length === 0 ? [0] : users) this.#pauses.set(number, until);
    this.#takeDown(users);
  }
  resume(users: readonly number[]): void {
    if (users.length === 0) [this.#pauses, this.#stops].forEach((decisions) => decisions.clear());
    for (const number of users) [this.#pauses, this.#stops].forEach((decisions) => decisions.delete(number));
  }
  get live(): string[] {
    return [...this.#live].map((number) => `student${number}`).sort();
  }

  #takeDown(users: readonly number[]): void {
    for (const number of users.length === 0 ? [1, 2, 3] : users) this.#live.delete(number);
  }
}
