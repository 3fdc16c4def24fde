import assert from 'node:assert/strict';
import { judgeStudents, type StudentFacts } from '../../src/cli/doctor/students.ts';

const config = {
  hostname: '{user}.example.com',
  publicUrl: 'https://{hostname}',
  machine: 'server1',
  labels: {},
  studentGroup: 'students',
};
const facts = (user: string, more: Partial<StudentFacts> = {}): StudentFacts => ({
  user,
  hasAccount: true,
  socketFolder: 'theirs',
  hasCodeServer: true,
  hasExtension: true,
  hasOldCommand: false,
  ...more,
});

describe("the doctor's line of a student", () => {
  it('has port and address where all is well', () => {
    const [check] = judgeStudents({ ...config, ports: { student1: 3001 } }, [facts('student1')], ['student1']);
    assert.deepEqual([check?.level, check?.text], ['ok', 'port 3001, https://student1.example.com']);
  });

  for (const [what, ports, more, says] of [
    ['an account that is not there', { a: 3001 }, { hasAccount: false }, /^There is no account/],
    ['a hostname that another student has', { 'a.b': 3001, 'a-b': 3002 }, {}, /has the same hostname/],
    ['a port that another student has', { a: 3001, b: 3001 }, {}, /^b has the same port/],
    ['a hostname of a second site', { 'a-3500': 3001, a: 3002 }, {}, /would be the one of a second site of a/],
    ['a port of root', { a: 80 }, {}, /^Port 80 is for root alone/],
    ['a port outside of the range', { a: 4001 }, {}, /outside of `portRange`/],
    ['a name that gives no hostname', { 漢字: 3001 }, {}, /gives no hostname/],
    ['no folder for the relay', { a: 3001 }, { socketFolder: 'missing' }, /no folder/],
    ['a folder of another account', { a: 3001 }, { socketFolder: 'foreign' }, /another account/],
    ['a code-server without the extension', { a: 3001 }, { hasExtension: false }, /lacks the extension/],
    ['the setting of an older version', { a: 3001 }, { hasOldCommand: true }, /older version/],
  ] as const) {
    it(`finds ${what}, and says how to fix it`, () => {
      const users = Object.keys(ports);
      const students = users.map((user) => facts(user, more));
      const found = judgeStudents({ ...config, ports, portRange: [1, 4000], extraPorts: true }, students, []);
      assert.match(found[0]?.text ?? '', says);
      assert.ok(found[0]?.fix);
    });
  }

  it('comes after members of the group without a port, and a hostname that all share', () => {
    const found = judgeStudents({ ...config, hostname: 'class.example.com', ports: {} }, [], ['student1', 'student2']);
    assert.deepEqual(
      found.map(({ level }) => level),
      ['fail', 'fail'],
    );
    assert.match(found[1]?.fix ?? '', /roster add student1 student2/);
  });
});
