import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatMarker, isMarkedBy, isMarkedOn, isSameUser, parseMarker } from '../../src/provisioning/marker.ts';

const marker = fc.record({
  user: fc.string({ minLength: 1, maxLength: 80 }),
  port: fc.integer({ min: 1, max: 65535 }),
  machine: fc.string({ minLength: 1, maxLength: 120 }),
});

describe('marker', () => {
  it('can be read in the dashboard', () => {
    assert.equal(
      formatMarker({ user: 'student1', port: 3000, machine: 'server1' }),
      'classroom-tunnel user=student1 port=3000 machine=server1',
    );
  });

  it('has at most 100 printable characters, can be parsed and formatted again, and identifies its user and machine', () => {
    fc.assert(
      fc.property(marker, (one) => {
        const text = formatMarker(one);
        assert.ok(text.length <= 100 && /^[\x20-\x7e]+$/.test(text), text);
        const parsed = parseMarker(text);
        assert.ok(parsed);
        assert.equal(formatMarker(parsed), text);
        assert.ok(isMarkedBy(text, one) && isMarkedOn(text, one.machine));
      }),
    );
  });

  it('tells users apart whose names differ only in characters that a marker cannot hold', () => {
    const [at, space, plain] = ['sec@y', 'sec y', 'sec_y'].map((user) => ({ user, port: 1, machine: 'server1' }));
    assert.ok(at && space && plain);
    assert.ok(!isMarkedBy(formatMarker(at), plain) && !isMarkedBy(formatMarker(at), space));
    assert.ok(!isSameUser('sec@y', 'sec_y') && isSameUser('sec@y', parseMarker(formatMarker(at))?.user ?? ''));
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 80 }), fc.string({ minLength: 1, maxLength: 80 }), (a, b) => {
        assert.equal(isSameUser(a, b), a === b);
      }),
    );
  });

  it('holds a plain name as it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w.-]{1,40}$/), (user) => {
        assert.equal(parseMarker(formatMarker({ user, port: 1, machine: 'server1' }))?.user, user);
      }),
    );
  });

  it('has the same owner for every port', () => {
    fc.assert(
      fc.property(marker, fc.integer({ min: 1, max: 65535 }), (one, port) => {
        assert.ok(isMarkedBy(formatMarker(one), { ...one, port }));
      }),
    );
  });

  it('does not match another user or another machine', () => {
    const text = formatMarker({ user: 'student1', port: 3000, machine: 'server1' });
    assert.ok(!isMarkedBy(text, { user: 'student2', port: 3000, machine: 'server1' }));
    assert.ok(!isMarkedBy(text, { user: 'student1', port: 3000, machine: 'server2' }));
    assert.ok(!isMarkedOn(text, 'server2') && isMarkedOn(text, 'server1'));
  });

  for (const comment of [
    undefined,
    null,
    '',
    'classroom-tunnel',
    'made by classroom-tunnel user=a port=1 machine=b',
    'classroom-tunnel user=a port=x machine=b',
    'classroom-tunnel user=a port=1 machine=b more',
    7,
  ]) {
    it(`is not found in the comment ${String(comment)}`, () => {
      assert.equal(parseMarker(comment), undefined);
    });
  }
});
