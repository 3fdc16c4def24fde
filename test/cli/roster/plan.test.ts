import assert from 'node:assert/strict';
import fc from 'fast-check';
import { slug, type Student } from '../../../src/cli/roster/labels.ts';
import { entriesOf, withoutStudents, withStudents, type Roster } from '../../../src/cli/roster/plan.ts';

const template = { hostname: '{user}.example.com', machine: 'server1' };
const empty: Roster = { ports: {}, labels: {}, names: {}, formerPorts: {}, portRange: [3000, 3009] };
const none = new Set<string>();
const add = (roster: Roster, ...students: (string | Student)[]) =>
  withStudents(
    roster,
    students.map((one) => (typeof one === 'string' ? { user: one } : one)),
    template,
    none,
  ).roster;

describe('a roster', () => {
  it('keeps the account as label where it can, and chooses one as a person would where it cannot', () => {
    const roster = withStudents(
      empty,
      [
        { user: 'student1' },
        { user: 'max.muster' },
        { user: 'max_muster' },
        { user: 'www', name: 'Wanda Wolf' },
        { user: 'mail' },
        { user: 'шура' },
        { user: 'taken', name: 'Ötzi Øre' },
        { user: '漢字' },
      ],
      template,
      new Set(['taken.example.com']),
    ).roster;
    assert.deepEqual(
      entriesOf(roster, template).map(({ user, hostname }) => [user, hostname.split('.')[0]]),
      [
        ['student1', 'student1'],
        ['max.muster', 'max-muster'],
        ['max_muster', 'max-muster-2'],
        ['www', 'wanda-wolf'],
        ['mail', 'mail-site'],
        ['шура', 'shura'],
        ['taken', 'oetzi-ore'],
        ['漢字', 'student'],
      ],
    );
    assert.deepEqual(Object.keys(roster.labels).includes('student1'), false);
  });

  it('gives a student who comes back the old port and label, and nobody else while another port is free', () => {
    const two = add(empty, 'a', 'b');
    const left = withoutStudents(two, ['a']);
    assert.deepEqual([left.removed, left.roster.ports, left.roster.formerPorts], [['a'], { b: 3001 }, { a: 3000 }]);
    const later = add(left.roster, 'c', 'a');
    assert.deepEqual(later.ports, { b: 3001, c: 3002, a: 3000 });
  });

  it("keeps the names of students' second sites free", () => {
    const withExtra = { ...template, extraPorts: true };
    const joined = withStudents(empty, [{ user: 'a' }, { user: 'a-5000' }, { user: 'b-5000' }], withExtra, none).roster;
    assert.deepEqual(joined.labels, { 'a-5000': 'a-5000-2' });
  });

  it('says so when there is no port left, and when a student is not on it', () => {
    const full = withStudents({ ...empty, portRange: [3000, 3000] }, [{ user: 'a' }, { user: 'b' }], template, none);
    assert.deepEqual([full.added, full.problems], [['a'], ['There is no free port for b: extend `portRange`.']]);
    assert.deepEqual(withoutStudents(empty, ['a']).problems, ['a is not on the roster.']);
  });

  it('has ports and hostnames that never collide and never change, whoever joins and leaves', () => {
    const user = fc.oneof(
      fc.constantFrom('max.muster', 'max_muster', 'max-muster', 'www', 'mail', 'student', 'student-2', 'a'.repeat(80)),
      fc.string({ minLength: 1, maxLength: 70 }).filter((text) => text !== '__proto__'),
    );
    const students = fc.array(fc.record({ user, name: fc.option(fc.string(), { nil: undefined }) }), { maxLength: 6 });
    const steps = fc.array(fc.record({ join: fc.boolean(), students }), { maxLength: 6 });
    const hosts = fc.constantFrom('{user}.example.com', '{user}-class.example.com', '{machine}-{user}.example.com');
    fc.assert(
      fc.property(steps, hosts, (all, hostname) => {
        const about = { ...template, hostname };
        let roster: Roster = { ...empty, portRange: [3000, 3019] };
        for (const step of all) {
          const before = entriesOf(roster, about);
          const named = step.students.map(({ user: one, name }) => ({
            user: one,
            ...(name !== undefined && { name }),
          }));
          const { roster: next } = step.join
            ? withStudents(roster, named, about, none)
            : withoutStudents(
                roster,
                named.map(({ user: one }) => one),
              );
          const after = new Map(entriesOf(next, about).map((entry) => [entry.user, entry]));
          for (const { user: one, port, hostname: name } of before) {
            const now = after.get(one);
            if (now) assert.deepEqual([now.port, now.hostname], [port, name]);
          }
          const entries = [...after.values()];
          assert.equal(new Set(entries.map(({ port }) => port)).size, entries.length);
          assert.equal(new Set(entries.map(({ hostname: name }) => name)).size, entries.length);
          assert.ok(entries.every(({ port }) => port >= 3000 && port <= 3019));
          roster = next;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('writes any name in Latin letters, or nothing', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => /^([a-z0-9]+(-[a-z0-9]+)*)?$/.test(slug(text))));
  });
});
