import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Action } from '../../src/provisioning/queue.ts';
import { maxHolders } from '../../src/provisioning/publishRefusal.ts';
import { publish, release, site } from '../fixtures/provisioning/publishing.ts';
import { iso, Model, pause, resume, self, stop, World } from './controlsWorld.ts';

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
