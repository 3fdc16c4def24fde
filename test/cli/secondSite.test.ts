import assert from 'node:assert/strict';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { assertLive } from '../fixtures/provisioning/remote.ts';

describe('command: the second site of a student', () => {
  afterEach(closeAll);

  it('is published beside the first where the teacher allows it, and refused elsewhere', async () => {
    const ports = { student1: 3000 };
    const classroom = await startClassroom({ config: { ports, extraPorts: [5000, 5099] } });
    assert.deepEqual((await classroom.done(['info']))['extraPorts'], [5000, 5099]);
    await classroom.done(['publish', '-p', '3000']);
    await classroom.done(['publish', '-p', '5000']);
    assertLive(classroom.standIn, ['student1', 'student1-5000']);
    await classroom.done(['unpublish', '-p', '5000']);
    assertLive(classroom.standIn, ['student1']);
    assert.equal((await classroom.run(['publish', '-p', '4999'])).code, 77);
  });
});
