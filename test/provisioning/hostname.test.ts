import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FixableError } from '../../src/provisioning/errors.ts';
import { certificateWarning, dependsOnPort, makeHostname } from '../../src/provisioning/hostname.ts';

const facts = { user: 'student1', port: 3000, machine: 'server1' };

describe('hostname', () => {
  for (const [template, user, expected] of [
    ['{user}.example.com', 'student1', 'student1.example.com'],
    ['{user}-{port}-{machine}.Example.COM', 'student1', 'student1-3000-server1.example.com'],
    ['{user}.example.com', 'Anna.Example', 'anna-example.example.com'],
    ['{user}.example.com', 'SCHOOL\\student_1', 'school-student-1.example.com'],
    ['x-{user}-{user}.example.com', 'é1é', 'x-1-1.example.com'],
  ] as const) {
    it(`${template} makes ${expected} for ${user}`, () => {
      assert.equal(makeHostname(template, { ...facts, user }), expected);
    });
  }

  for (const [template, user, problem] of [
    ['{user}', 'student1', /no domain/],
    ['{who}.example.com', 'student1', /\{who\} is not known/],
    ['{user}.example.com', '___', /empty for this user/],
    ['{user}.example.com', 'x'.repeat(64), /more than 63/],
    ['a_b.example.com', 'x', /not a label/],
    ['{user}..com', 'x', /empty/],
    ['-{user}.com', 'x', /not a label/],
    ['{user.example.com', 'x', /brace/],
    [`{user}.${'abcdefghi.'.repeat(26)}com`, 'x', /more than 253/],
    ['https://{user}.example.com', 'x', /not a label/],
    ['{user}.example.com:80', 'x', /not a label/],
    ['*.example.com', 'x', /not a label/],
  ] as const) {
    it(`${template} is refused for ${user.slice(0, 10)}: ${problem.source}`, () => {
      assert.throws(
        () => makeHostname(template, { ...facts, user }),
        (error) => error instanceof FixableError && error.code === 'hostname-invalid' && problem.test(error.message),
      );
    });
  }

  it('is a valid lower-case name, or refused, for any user and template', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('{user}.example.com', '{user}-{port}.x.org', 'a{user}b.{machine}.net'),
        fc.string(),
        (user, template, machine) => {
          try {
            const name = makeHostname(template, { user, port: 3000, machine });
            assert.ok(
              name.length <= 253 &&
                name.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)),
              name,
            );
          } catch (error) {
            assert.ok(error instanceof FixableError, String(error));
          }
        },
      ),
    );
  });

  it('knows which templates need the port', () => {
    assert.deepEqual([dependsOnPort('{user}-{port}.example.com'), dependsOnPort('{user}.example.com')], [true, false]);
  });

  it('warns of names two levels below their zone, and only of them', () => {
    for (const fine of ['{user}.example.com', '{user}-class.example.com', '{user}.localhost', '{user}.example.co.uk'])
      assert.equal(certificateWarning(fine), undefined, fine);
    for (const bad of ['{user}.class.example.com', '{user}.class.example.co.uk'])
      assert.match(certificateWarning(bad) ?? '', /certificate/, bad);
  });
});
