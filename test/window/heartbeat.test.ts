import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Heartbeat, beatSeconds } from '../../src/window/heartbeat.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the heartbeat of the window', () => {
  let pings: { answer: () => void; refuse: () => void }[];
  let silent: number[];
  let answers: number;
  let heartbeat: Heartbeat;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    [pings, silent, answers] = [[], [], 0];
    heartbeat = new Heartbeat({
      ping: () =>
        new Promise<void>((answer, refuse) => pings.push({ answer, refuse: () => refuse(new Error('Canceled')) })),
      onSilent: (seconds) => silent.push(seconds),
      onAnswer: () => (answers += 1),
    });
  });
  afterEach(() => {
    heartbeat.stop();
    mock.timers.reset();
  });

  it('asks again only when it was answered', async () => {
    heartbeat.start(20);
    heartbeat.start(20);
    mock.timers.tick(20_000);
    pings[0]?.answer();
    await settled();
    mock.timers.tick(20_000);
    pings[1]?.refuse(); // a refusal is an answer too
    await settled();
    assert.deepEqual([pings.length, silent, answers], [2, [], 0]);
  });

  it('notices a silent window within a minute, says how long, and when it answers again', async () => {
    heartbeat.start(20);
    mock.timers.tick(80_000);
    assert.deepEqual([pings.length, silent], [1, [20, 40, 60]]);
    pings[0]?.answer();
    await settled();
    assert.equal(answers, 1);
  });

  it('hears the answer also after it was stopped, and wakes nothing', async () => {
    heartbeat.start(20);
    mock.timers.tick(40_000);
    heartbeat.stop();
    mock.timers.tick(3_600_000);
    assert.deepEqual(silent, [20]);
    pings[0]?.answer();
    await settled();
    assert.equal(answers, 1);
  });

  it('beats every 20 seconds, faster where the limit is short', () => {
    assert.deepEqual([600, 80, 40, 3, 0].map(beatSeconds), [20, 20, 10, 1, 1]);
  });
});
