import assert from 'node:assert/strict';
import { isTeacher, sharingOf } from '../../src/cli/teacherOnly.ts';

const owner = 900;
const student = { uid: 1001, user: 'student1', isGuest: false };
const guest = { ...student, isGuest: true };
const folder = (mode: number) => ({ uid: owner, mode });

describe('teacherOnly', () => {
  for (const [what, caller, teachers, mode, expected] of [
    ['root', { ...student, uid: 0 }, [], 0o711, true],
    ['the owner of the state folder', { ...student, uid: owner }, [], 0o711, true],
    ['a user in `teachers`', student, ['student1'], 0o711, true],
    ['a user in `teachers` through the service', guest, ['student1'], 0o711, true],
    ['any account in a folder that its group shares', student, [], 0o2771, true],
    ['any account before there is a state folder', student, [], undefined, true],
    ['another account', student, ['student2'], 0o711, false],
    ['a student through the service', guest, ['student2'], 0o711, false],
    ['a student through the service in a shared folder', guest, [], 0o2771, false],
    ['a student through the service before there is a state folder', guest, [], undefined, false],
  ] as const) {
    it(`${expected ? 'lets' : 'does not let'} ${what} pass`, () => {
      assert.equal(isTeacher({ teachers: [...teachers] }, caller, mode === undefined ? mode : folder(mode)), expected);
    });
  }

  it('reads from the mode who may write in the state folder', () => {
    assert.deepEqual(
      [0o711, 0o2771, 0o777, 0o755].map((mode) => sharingOf({ mode })),
      ['private', 'group', 'everybody', 'private'],
    );
  });
});
