import assert from 'node:assert/strict';
import fc from 'fast-check';
import { publish, release, site } from '../fixtures/provisioning/publishing.ts';
import { iso, Model, pause, resume, start, stop, World } from './controlsWorld.ts';

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

  it('refuses a server that runs, whatever the student does with its site and its holders', () => {
    const world = new World();
    world.sockets.set(3001, [11]);
    world.ask(start(1, 0));
    world.seconds = 10;
    world.ask(stop('student1'));
    const relay = 'unix:/run/sockets/1001/3001.sock';
    for (const undo of [release(1), { kind: 'unpublish', site: site(1) } as const]) {
      world.ask(undo);
      // The socket still listens, however young the process is that the student names.
      for (const again of [start(1, 0), start(1, undefined), start(1, undefined, relay), start(1, 20, relay)])
        assert.equal(world.ask(again), 'stopped-by-teacher');
    }
    world.sockets.clear();
    for (const again of [start(1, 0), start(1, 10), start(1, undefined), start(1, undefined, relay)])
      assert.equal(world.ask(again), 'stopped-by-teacher');
  });

  it('ends with a server that was started later, by its process or by its socket', () => {
    const world = new World();
    world.ask(start(1, 0));
    world.ask(start(2, 0));
    world.seconds = 10;
    world.ask(stop());
    assert.equal(world.ask(start(1, 11)), 'publish');
    assert.equal(world.ask(publish(2)), 'stopped-by-teacher');
    world.sockets.set(3002, [12]);
    assert.equal(world.ask(publish(2)), 'publish');
    assert.deepEqual(world.state.controls?.stops, []);
  });

  it('ends with resume, and after a week', () => {
    const world = new World();
    for (const number of [1, 2]) world.ask(publish(number));
    world.ask(stop());
    world.ask(resume('student1'));
    assert.deepEqual([world.ask(publish(1)), world.ask(publish(2))], ['publish', 'stopped-by-teacher']);
    world.seconds = 7 * 86_400;
    assert.equal(world.ask(publish(2)), 'publish');
  });

  it('of a user without a site holds as well, so that the site does not come back a second later', () => {
    const world = new World();
    assert.deepEqual([world.ask(stop('student1')), world.ask(start(1, 0))], ['removed', 'stopped-by-teacher']);
    world.ask(stop());
    assert.equal(world.ask(start(2, 0)), 'publish');
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
      fc.record({ kind: fc.constant('publish' as const), number, fresh: fc.boolean() }),
      fc.record({ kind: fc.constant('release' as const), number }),
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
          else if (one.kind === 'publish') {
            const expected = model.publish(one.number, world.seconds, one.fresh);
            assert.equal(refused(world.ask(start(one.number, model.startOf(one.number)))), expected);
          } else if (one.kind === 'release') {
            world.ask(release(one.number));
            model.release(one.number);
          } else if (one.kind === 'pause') {
            const until = one.length === undefined ? Infinity : world.seconds + one.length;
            world.ask(pause(names, until === Infinity ? {} : { until: iso(until) }));
            model.pause(one.users, until);
          } else {
            world.ask(one.kind === 'stop' ? stop(...names) : resume(...names));
            if (one.kind === 'stop') model.stop(one.users, world.seconds);
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
