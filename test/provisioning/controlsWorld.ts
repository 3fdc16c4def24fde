// A class in which a teacher stops and pauses sites, and a model of it.
import assert from 'node:assert/strict';
import { desiredState, type DesiredState, type DesiredStateContext } from '../../src/provisioning/desiredState.ts';
import { FixableError } from '../../src/provisioning/errors.ts';
import type { Action } from '../../src/provisioning/queue.ts';
import { emptyState, type StoredState } from '../../src/provisioning/publications.ts';
import { nextState } from '../../src/provisioning/roundState.ts';

const start = Date.parse('2026-01-01T10:00:00.000Z');
export const iso = (seconds: number) => new Date(start + seconds * 1000).toISOString();
export const self = { pid: 1, bootId: 'boot', pidNamespace: 'namespace', host: 'host1' };
const noChange = { failed: new Map(), foreign: new Map(), changed: new Set<string>(), unsettled: new Set<string>() };

/** A class whose rounds succeed at once. */
export class World {
  state: StoredState = emptyState;
  seconds = 0;
  #count = 0;
  #dead = new Set<number>();

  /** Serves one request in a round of its own. @returns the code of its error, or the kind of its answer */
  ask(action: Action): string {
    const { answer } = this.round(action);
    if (answer?.kind !== 'settled') return answer?.kind ?? 'none';
    return answer.outcome.kind === 'error' ? answer.outcome.error.code : answer.outcome.kind;
  }

  round(action: Action) {
    const context: DesiredStateContext = {
      now: iso(this.seconds),
      livenessOf: ({ pid }) => (this.#dead.has(pid) ? 'dead' : 'alive'),
      isListening: () => false,
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

  kill(pid: number): void {
    this.#dead.add(pid);
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

/** Each student has a set of holders, which is live or stopped; 0 stands for everyone's pause. */
export class Model {
  #holders = new Map<number, Set<string>>();
  #stopped = new Set<number>();
  #pauses = new Map<number, number>();

  publish(number: number, holder: string, seconds: number): string | undefined {
    const isPaused = [0, number].some((of) => (this.#pauses.get(of) ?? 0) > seconds);
    if (!this.#stopped.has(number) && isPaused) return 'paused';
    this.#holders.set(number, (this.#holders.get(number) ?? new Set()).add(holder));
    return this.#stopped.has(number) ? 'stopped-by-teacher' : undefined;
  }
  release(number: number, holder: string): void {
    this.#holders.get(number)?.delete(holder);
    if (this.#holders.get(number)?.size === 0) this.#drop(number);
  }
  stop(users: readonly number[]): void {
    for (const number of this.#named(users)) if (this.#holders.has(number)) this.#stopped.add(number);
  }
  pause(users: readonly number[], until: number): void {
    for (const number of users.length === 0 ? [0] : users) this.#pauses.set(number, until);
    for (const number of this.#named(users)) if (!this.#stopped.has(number)) this.#drop(number);
  }
  resume(users: readonly number[]): void {
    if (users.length === 0) this.#pauses.clear();
    for (const number of users) this.#pauses.delete(number);
  }
  get live(): string[] {
    const live = [...this.#holders.keys()].filter((number) => !this.#stopped.has(number));
    return live.map((number) => `student${number}`).sort();
  }

  #named(users: readonly number[]): readonly number[] {
    return users.length === 0 ? [1, 2, 3] : users;
  }
  #drop(number: number): void {
    this.#holders.delete(number);
    this.#stopped.delete(number);
  }
}
