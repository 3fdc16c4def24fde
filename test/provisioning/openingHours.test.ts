import assert from 'node:assert/strict';
import fc from 'fast-check';
import { closedPause, isOpen, nextOpening, openingHoursFault } from '../../src/provisioning/openingHours.ts';
import { iso, start, stop, World } from './controlsWorld.ts';

const school = ['Mon-Fri 08:00-17:00', 'Sat 10:00-12:30'];
/** A Monday is the first of June 2026. */
const at = (day: number, hour: number, minute = 0) => new Date(2026, 5, day, hour, minute);

describe('opening hours', () => {
  it('are open from the first minute to before the last', () => {
    const times = [at(1, 7, 59), at(1, 8), at(5, 16, 59), at(5, 17), at(6, 10), at(6, 12, 30), at(7, 11)];
    assert.deepEqual(
      times.map((time) => isOpen(school, time)),
      [false, true, true, false, true, false, false],
    );
    assert.ok(isOpen([], at(7, 3)));
    assert.ok(isOpen(['Fri-Mon 00:00-24:00'], at(7, 23, 59)));
  });

  it('open next on a later day, over a weekend too', () => {
    assert.deepEqual(nextOpening(school, at(1, 7)), at(1, 8));
    assert.deepEqual(nextOpening(school, at(5, 18)), at(6, 10));
    assert.deepEqual(nextOpening(school, at(6, 13)), at(8, 8));
    assert.deepEqual(nextOpening(['Mon 08:00-09:00'], at(1, 9)), at(8, 8));
  });

  it('are open at the next opening and not before, whatever they are', () => {
    const name = fc.constantFrom('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun');
    const clock = (minutes: number) =>
      `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
    const entry = fc
      .tuple(name, name, fc.uniqueArray(fc.integer({ min: 0, max: 1440 }), { minLength: 2, maxLength: 2 }))
      .map(([first, last, [a = 0, b = 0]]) => `${first}-${last} ${clock(Math.min(a, b))}-${clock(Math.max(a, b))}`);
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 9999 }),
        (hours, minutes) => {
          const now = at(1, 0, minutes);
          const pause = closedPause(hours, now.toISOString());
          assert.equal(pause === undefined, isOpen(hours, now));
          if (!pause?.until) return;
          const opening = new Date(pause.until);
          assert.ok(opening > now && isOpen(hours, opening));
          assert.ok(!isOpen(hours, new Date(opening.getTime() - 60_000)));
        },
      ),
    );
  });

  it('have a form', () => {
    for (const text of ['Mon 8:00-9:00', 'Mon,Wed-Fri 08:00-24:00', 'sat  10:00-12:00'])
      assert.equal(openingHoursFault(text), undefined, text);
    for (const text of [
      '',
      'Mon',
      'Mo 08:00-09:00',
      'Mon 09:00-08:00',
      'Mon 08:00-24:01',
      'Mon 08:60-09:00',
      'Mon- 08:00-09:00',
    ])
      assert.ok(openingHoursFault(text), text);
  });

  it('take sites down in the first round after they end, and refuse them until they open', () => {
    const world = new World();
    world.ask(start(1, 0));
    world.closed = { since: iso(5), until: iso(3605), message: 'The class is open Mon 08:00-17:00.' };
    world.seconds = 5;
    const { wants } = world.round({ kind: 'collect' });
    assert.deepEqual([wants.map(({ present }) => present), world.live], [[false], []]);
    const { code, message, retryAfterSeconds, facts } = world.refusal(start(1, 0));
    assert.deepEqual([code, facts['until'], retryAfterSeconds], ['paused', iso(3605), 900]);
    assert.match(message, /until .*: The class is open Mon 08:00-17:00\.$/);
    world.ask({ kind: 'resume', by: 'teacher' });
    assert.equal(world.ask(start(1, 0)), 'paused');
    world.ask(stop('student1'));
    world.closed = undefined;
    assert.deepEqual([world.state.controls?.pauses, world.ask(start(1, 10))], [[], 'publish']);
  });
});
