import assert from 'node:assert/strict';
import { identify, idOf, parseId, pidOf, runs } from '../../src/shell/processIds.ts';
import { ending, Running } from '../fixtures/shell/running.ts';

describe('the name of a process', () => {
  const running = new Running();
  afterEach(() => running.end());

  it('holds its id and its start time', () => {
    assert.equal(idOf({ pid: 10, startTime: 99 }), '10:99');
    assert.deepEqual(parseId('10:99'), { pid: 10, startTime: 99 });
    assert.equal(pidOf('10:99'), 10);
    assert.deepEqual(parseId(''), { pid: 0, startTime: 0 });
  });

  it('is true while the process runs, and false for one that got its id', async () => {
    const sleeper = running.spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    const name = identify(sleeper.pid) ?? assert.fail('it runs');
    assert.deepEqual([runs(name), runs(`${sleeper.pid}:1`)], [true, false]);
    sleeper.kill('SIGKILL');
    await ending(sleeper);
    assert.deepEqual([runs(name), identify(sleeper.pid)], [false, undefined]);
  });
});
