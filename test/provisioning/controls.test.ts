import assert from 'node:assert/strict';
import fc from 'fast-check';
import { desiredState, type DesiredState, type DesiredStateContext } from '../../src/provisioning/desiredState.ts';
import { FixableError } from '../../src/provisioning/errors.ts';
import type { Action } from '../../src/provisioning/queue.ts';
import { emptyState, type StoredState } from '../../src/provisioning/publications.ts';
import { maxHolders } from '../../src/provisioning/publishRefusal.ts';
import { nextState } from '../../src/provisioning/roundState.ts';
import { publish, release, site } from '../fixtures/provisioning/publishing.ts';

const start = Date.parse('2026-01-01T10:00:00.000Z');
const iso = (seconds: number) => new Date(start + seconds * 1000).toISOString();
const self = { pid: 1, bootId: 'boot', pidNamespace: 'namespace', host: 'host1' };
const noChange = { failed: new Map(), foreign: new Map(), changed: new Set<string>(), unsettled: new Set<string>() };

/** A class whose rounds succeed at once. */
class World {
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
const stop = (...users: string[]): Action => ({ kind: 'stop', by, ...(users.length > 0 && { users }) });
const pause = (users: readonly string[], more: { until?: string; message?: string } = {}): Action => ({
  kind: 'pause',
  by,
  ...(users.length > 0 && { users }),
  ...more,
});
const resume = (...users: string[]): Action => ({ kind: 'resume', by, ...(users.length > 0 && { users }) });

describe('a stop by the teacher', () => {
  it('takes the sites of these users down in one round, and no other', () => {
    const world = new World();
    for (const number of [1, 2, 3]) world.ask(publish(number));
    const { answer, wants } = world.round(stop('student1', 'student3'));
    assert.equal(answer?.kind, 'remove');
    assert.deepEqual(
      wants.map(({ user, present }) => [user, present]),
      [
        ['student1', false],
        ['student3', false],
      ],
    );
    assert.deepEqual(world.live, ['student2']);
    world.ask(stop());
    assert.deepEqual(world.live, []);
  });

  it('refuses every holder of the site until the last of them has released it', () => {
    const world = new World();
    world.ask(publish(1, 'window-1'));
    world.ask(publish(1, 'window-2'));
    world.ask(stop('student1'));
    assert.equal(world.ask(publish(1, 'window-1')), 'stopped-by-teacher');
    assert.equal(world.ask(publish(1, 'reloaded')), 'stopped-by-teacher');
    world.ask(release(1, 'window-1'));
    world.ask(release(1, 'window-2'));
    assert.equal(world.ask(publish(1, 'reloaded')), 'stopped-by-teacher');
    world.ask(release(1, 'reloaded'));
    assert.equal(world.ask(publish(1, 'window-3')), 'publish');
  });

  it('ends with the process of its last holder, and when the student unpublishes', () => {
    const world = new World();
    const held: Action = { kind: 'publish', site: site(1), holder: { id: 'a', process: self }, verify: false };
    world.ask(held);
    world.ask(publish(2, 'hand'));
    world.ask(stop());
    world.kill(self.pid);
    assert.equal(world.ask(publish(1, 'b')), 'publish');
    assert.equal(world.ask(publish(2, 'hand')), 'stopped-by-teacher');
    world.ask({ kind: 'unpublish', site: site(2) });
    assert.equal(world.ask(publish(2, 'hand')), 'publish');
  });

  it('stores a bounded number of refused holders', () => {
    const world = new World();
    world.ask(publish(1));
    world.ask(stop());
    for (let number = 0; number < 2 * maxHolders; number += 1) world.ask(publish(1, `holder-${number}`));
    assert.equal(world.state.controls?.stopped[0]?.holders.length, maxHolders);
  });

  it('is no error when nothing is live', () => {
    const world = new World();
    assert.deepEqual([world.ask(stop('student1')), world.ask(publish(1))], ['removed', 'publish']);
  });
});

describe('a pause', () => {
  it('takes sites down and refuses them, with its end and the message of the teacher', () => {
    const world = new World();
    world.ask(publish(1));
    world.ask(publish(2));
    world.ask(pause(['student1'], { until: iso(90), message: 'Look at the board.' }));
    assert.deepEqual(world.live, ['student2']);
    const { code, facts, message, exitCode } = world.refusal(publish(1));
    assert.deepEqual(
      [code, facts['until'], facts['teacherMessage'], exitCode],
      ['paused', iso(90), 'Look at the board.', 77],
    );
    assert.match(message, /^Your teacher has paused publishing until \d\d:\d\d: Look at the board\.$/);
  });

  it('is tried again at its end, and once a minute in case the teacher ends it early', () => {
    const world = new World();
    world.ask(pause([], { until: iso(90) }));
    const retry = () => world.refusal(publish(1)).retryAfterSeconds;
    assert.equal(retry(), 60);
    world.seconds = 60;
    assert.equal(retry(), 30);
    world.seconds = 90;
    assert.equal(world.ask(publish(1)), 'publish');
    world.ask(pause([]));
    assert.equal(retry(), 60);
    assert.equal(world.refusal(publish(1)).message, 'Your teacher has paused publishing.');
  });

  it('of everyone outlives the resume of one user', () => {
    const world = new World();
    world.ask(pause([]));
    world.ask(pause(['student1']));
    world.ask(resume('student1'));
    assert.equal(world.ask(publish(1)), 'paused');
    world.ask(resume());
    assert.equal(world.ask(publish(1)), 'publish');
  });

  it('answers with the stop where a site is stopped as well', () => {
    const world = new World();
    world.ask(publish(1));
    world.ask(stop());
    world.ask(pause([]));
    assert.equal(world.ask(publish(1)), 'stopped-by-teacher');
  });
});

describe('stops and pauses', () => {
  it('refuse exactly what a model refuses, whatever their order', () => {
    const number = fc.constantFrom(1, 2, 3);
    const users = fc.subarray([1, 2, 3]);
    const length = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), number, holder: fc.constantFrom('a', 'b') }),
      fc.record({ kind: fc.constant('release' as const), number, holder: fc.constantFrom('a', 'b') }),
      fc.record({ kind: fc.constantFrom('stop' as const, 'resume' as const), users }),
      fc.record({ kind: fc.constant('pause' as const), users, length }),
      fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const world = new World();
        const model = new Model();
        for (const one of steps) {
          const names = 'users' in one ? one.users.map((user) => `student${user}`) : [];
          if (one.kind === 'wait') world.seconds += one.seconds;
          else if (one.kind === 'publish')
            assert.equal(
              refused(world.ask(publish(one.number, one.holder))),
              model.publish(one.number, one.holder, world.seconds),
            );
          else if (one.kind === 'release') {
            world.ask(release(one.number, one.holder));
            model.release(one.number, one.holder);
          } else if (one.kind === 'pause') {
            const until = one.length === undefined ? Infinity : world.seconds + one.length;
            world.ask(pause(names, until === Infinity ? {} : { until: iso(until) }));
            model.pause(one.users, until);
          } else {
            world.ask(one.kind === 'stop' ? stop(...names) : resume(...names));
            if (one.kind === 'stop') model.stop(one.users);
            else model.resume(one.users);
          }
          assert.deepEqual(world.live, model.live);
        }
      }),
      { numRuns: 300 },
    );
  });
});

const refused = (answer: string) => (['stopped-by-teacher', 'paused'].includes(answer) ? answer : undefined);

/** Each student has a set of holders, which is live or stopped; 0 stands for everyone's pause. */
class Model {
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
