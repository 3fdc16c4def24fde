import assert from 'node:assert/strict';
import { judgeDirect, judgeRelayed, judgeVisit, pauseFor } from '../../../src/window/server/readiness.ts';
import type { Site } from '../../../src/window/site/siteState.ts';
import { examples, lease, refusal, shell } from '../site/sites.ts';

const uid = 1000;
const listener = (port: number, inode: number, owner = uid) => ({ port, inode, uid: owner, address: '127.0.0.1' });
const { waiting, live, away, failed } = examples;

describe('what listens on a public port', () => {
  it('is live when it is a process of the terminal', () => {
    assert.deepEqual(judgeDirect(waiting, 3000, { onPort: [listener(3000, 7)], own: [listener(3000, 7)] }, uid), {
      type: 'listening',
    });
  });

  it("is not live when it is the student's own, but of no terminal of the site", () => {
    assert.equal(judgeDirect(waiting, 3000, { onPort: [listener(3000, 7)], own: [] }, uid), undefined);
  });

  it('is live, whichever own process it is, when the student published by hand', () => {
    const byHand: Site = { ...waiting, runs: new Map([[shell, { running: true }]]) };
    assert.deepEqual(judgeDirect(byHand, 3000, { onPort: [listener(3000, 7)], own: [] }, uid), { type: 'listening' });
  });

  it("takes the site down when it is another user's, in every state", () => {
    for (const site of [waiting, live, examples.stopped, away, { ...failed, lease }]) {
      assert.equal(
        judgeDirect(site, 3000, { onPort: [listener(3000, 7), listener(3000, 8, 0)], own: [listener(3000, 7)] }, uid)
          ?.type,
        'withdrawn',
      );
    }
    assert.equal(judgeDirect(failed, 3000, { onPort: [listener(3000, 8, 0)], own: [] }, uid), undefined);
  });

  it('is silent when it went, and says where the server is instead', () => {
    assert.deepEqual(judgeDirect(live, 3000, { onPort: [], own: [] }, uid), { type: 'silent' });
    assert.deepEqual(judgeDirect(waiting, 3000, { onPort: [], own: [listener(5173, 9)] }, uid), {
      type: 'silent',
      elsewhere: 5173,
    });
    assert.equal(
      judgeDirect({ ...waiting, elsewhere: 5173 }, 3000, { onPort: [], own: [listener(5173, 9)] }, uid),
      undefined,
    );
    assert.equal(judgeDirect(examples.stopped, 3000, { onPort: [], own: [] }, uid), undefined);
  });

  it('is asked ever more seldom, and never while nothing is public', () => {
    const pauses: number[] = [];
    for (let pause = 0; pauses.length < 20; pauses.push(pause)) pause = pauseFor(waiting, pause) ?? 0;
    assert.deepEqual([pauses[0], pauses.at(-1)], [100, 2000]);
    assert.ok(pauses.every((pause, index) => index === 0 || pause >= (pauses[index - 1] ?? 0)));
    assert.deepEqual(
      [pauseFor({ ...waiting, refusal }, 2000), pauseFor({ ...waiting, refusal }, 10_000)],
      [2600, 10_000],
    );
    assert.deepEqual(
      [live, examples.stopped, away].map((site) => pauseFor(site, 0)),
      [2000, 10_000, 10_000],
    );
    assert.deepEqual(
      [
        examples.idle,
        examples.publishing,
        examples.notPublic,
        failed,
        { kind: 'away', runs: new Map(), told: true } as const,
      ].map((site) => pauseFor(site, 0)),
      [undefined, undefined, undefined, undefined, undefined],
    );
  });
});

describe('what a visitor gets from a server that listens', () => {
  it('makes a waiting site live, or says why not', () => {
    assert.deepEqual(judgeVisit(waiting, { kind: 'live' }), { type: 'listening' });
    assert.deepEqual(judgeVisit(waiting, { kind: 'refuses', ...refusal }), { type: 'visitorsRefused', refusal });
    for (const verdict of [{ kind: 'stopped' }, { kind: 'silent', server: 'Vite' }] as const) {
      assert.deepEqual(judgeVisit(waiting, verdict), { type: 'silent', mute: true });
      assert.equal(judgeVisit({ ...waiting, mute: true }, verdict), undefined);
    }
  });

  it('is forgotten when the server is gone', () => {
    for (const site of [
      { ...waiting, refusal },
      { ...waiting, mute: true },
    ] as const) {
      assert.deepEqual(judgeDirect(site, 3000, { onPort: [], own: [] }, uid), { type: 'silent' });
      assert.deepEqual(judgeRelayed(site, undefined), { type: 'silent' });
    }
    assert.equal(judgeRelayed(waiting, undefined), undefined);
    assert.deepEqual(judgeRelayed(waiting, { port: 5173, address: '::1' }), { type: 'listening' });
    assert.deepEqual(judgeRelayed(live, undefined), { type: 'silent' });
  });
});
