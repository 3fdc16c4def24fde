import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';

describe('command: --dry-run of stop, gc and restore', function () {
  this.timeout(60_000);
  afterEach(closeAll);

  it('says what would be done, without a call, and changes nothing', async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3001']);
    await classroom.done(['publish', '-p', '3003'], { user: 'student3' });
    await classroom.done(['unpublish', '-p', '3003'], { user: 'student3' });
    await classroom.done(['publish', '-p', '3002', '--holder', 'gone', '--holder-pid', '4194304'], {
      user: 'student2',
    });
    const [kept = ''] = readdirSync(classroom.in('configurations'));
    const state = readFileSync(classroom.in('records', 'state.json'), 'utf8');
    classroom.standIn.requests.length = 0;
    const planned = async (...args: string[]) => {
      const { event, steps } = await classroom.done([...args, '--dry-run'], { user: 'root' });
      assert.equal(event, 'plan');
      return (steps as { changes: string[] }[]).map(({ changes }) => changes);
    };
    assert.deepEqual(await planned('stop', '--all'), [['student1.example.com', 'student2.example.com']]);
    assert.deepEqual(await planned('stop', 'student1'), [['student1.example.com']]);
    assert.deepEqual(await planned('stop', 'student9'), []);
    assert.deepEqual(await planned('gc'), [['student2.example.com'], ['student3.example.com']]);
    assert.deepEqual(await planned('gc', '--timer'), [['student2.example.com']]);
    const restored = await planned('restore', kept.replace(/\.json$/, ''));
    assert.deepEqual(restored.at(-1), ['student1.example.com', 'student2.example.com']);
    assert.deepEqual(callsOf(classroom.standIn), []);
    assert.equal(readFileSync(classroom.in('records', 'state.json'), 'utf8'), state);
    assertLive(classroom.standIn, ['student1', 'student2']);
    assert.equal((await classroom.run(['stop', '--dry-run'], { user: 'root' })).code, 2);
  });
});
