import assert from 'node:assert/strict';
import {
  eventOfListeners,
  eventOfOthers,
  eventOfProbe,
  eventOfStoppedProbe,
  eventOfTarget,
  pauseFor,
} from '../../../src/window/server/readinessEvents.ts';
import type { Site } from '../../../src/window/site/siteState.ts';
import { examples, lease, refusal, shell } from '../site/sites.ts';

const uid = 1000;
const listener = (port: number, inode: number, owner = uid) => ({ port, inode, uid: owner, address: '127.0.0.1' });
const { waiting, live, away, failed } = examples;

describe('window/server/readinessEvents: the listeners on a public port', () => {
  it('are claimed to be live when one belongs to the terminal', () => {
    assert.deepEqual(eventOfListeners(waiting, 3000, { onPort: [listener(3000, 7)], own: [listener(3000, 7)] }, uid), {
      type: 'listening',
    });
  });

  it("are not live when they are the student's own, but of no terminal of the site", () => {
    assert.equal(eventOfListeners(waiting, 3000, { onPort: [listener(3000, 7)], own: [] }, uid), undefined);
  });

  it('are claimed to be live when the student published by hand, whichever own process listens', () => {
    const byHand: Site = { ...waiting, runs: new Map([[shell, { running: true }]]) };
    assert.deepEqual(eventOfListeners(byHand, 3000, { onPort: [listener(3000, 7)], own: [] }, uid), {
      type: 'listening',
    });
  });

  it("take the site down in every state when one is another user's", () => {
    for (const site of [waiting, live, examples.stopped, away, { ...failed, lease }]) {
      assert.equal(
        eventOfListeners(
          site,
          3000,
          { onPort: [listener(3000, 7), listener(3000, 8, 0)], own: [listener(3000, 7)] },
          uid,
        )?.type,
        'withdrawn',
      );
    }
    assert.equal(eventOfListeners(failed, 3000, { onPort: [listener(3000, 8, 0)], own: [] }, uid), undefined);
  });

  it('are silent when none is there, and say where the server listens', () => {
    assert.deepEqual(eventOfListeners(live, 3000, { onPort: [], own: [] }, uid), { type: 'silent' });
    assert.deepEqual(eventOfListeners(waiting, 3000, { onPort: [], own: [listener(5173, 9)] }, uid), {
      type: 'silent',
      elsewhere: 5173,
    });
    assert.equal(
      eventOfListeners({ ...waiting, elsewhere: 5173 }, 3000, { onPort: [], own: [listener(5173, 9)] }, uid),
      undefined,
    );
    assert.equal(eventOfListeners(examples.stopped, 3000, { onPort: [], own: [] }, uid), undefined);
  });

  it('are looked at ever more rarely, and never while nothing is public', () => {
    const pauses: number[] = [];
    for (let pause = 0; pauses.length < 20; pauses.push(pause)) pause = pauseFor(waiting, pause) ?? 0;
    assert.deepEqual([pauses[0], pauses.at(-1)], [100, 2000]);
    assert.ok(pauses.every((pause, index) => index === 0 || pause >= (pauses[index - 1] ?? 0)));
    assert.deepEqual(
      [pauseFor({ ...waiting, refusal }, 2000), pauseFor({ ...waiting, refusal }, 10_000)],
      [2600, 10_000],
    );
    assert.deepEqual(
      [live, examples.stopped, away].map((site) => [pauseFor(site, 0), pauseFor(site, 100)]),
      [
        [100, 2000],
        [100, 10_000],
        [10_000, 10_000],
      ],
    );
    assert.deepEqual(
      [
        examples.idle,
        examples.publishing,
        examples.notPublic,
        failed,
        { kind: 'away', runs: new Map(), notified: true } as const,
      ].map((site) => pauseFor(site, 0)),
      [undefined, undefined, undefined, undefined, undefined],
    );
  });
});

describe('window/server/readinessEvents: the result of a probe', () => {
  it('makes a waiting site live, or tells why not', () => {
    assert.deepEqual(eventOfProbe(waiting, { kind: 'live' }), { type: 'listening' });
    assert.deepEqual(eventOfProbe(waiting, { kind: 'refuses', ...refusal }), { type: 'visitorsRefused', refusal });
    for (const result of [{ kind: 'stopped' }, { kind: 'silent', server: 'Vite' }] as const) {
      assert.deepEqual(eventOfProbe(waiting, result), { type: 'silent', mute: true });
      assert.equal(eventOfProbe({ ...waiting, mute: true }, result), undefined);
    }
  });

  it('tells of a server that no visitor reaches, and of an earlier one that holds the port', () => {
    const own = [{ ...listener(3000, 7), address: '192.0.2.2' }];
    const unreachable = { unreachable: '192.0.2.2' };
    const seen = { onPort: own, own };
    assert.deepEqual(eventOfListeners(waiting, 3000, seen, uid), { type: 'silent', ...unreachable });
    assert.equal(eventOfListeners({ ...waiting, ...unreachable }, 3000, seen, uid), undefined);
    const heldBy = { process: '7:1', command: 'node server.js' };
    for (const finding of [{ heldBy }, { foreign: true }] as const) {
      assert.deepEqual(eventOfTarget(waiting, undefined, finding), { type: 'silent', ...finding });
      assert.equal(eventOfTarget({ ...waiting, ...finding }, undefined, finding), undefined);
      assert.deepEqual(eventOfTarget({ ...waiting, ...finding }, undefined), { type: 'silent' });
    }
  });

  const { stopped } = examples;
  it('names the program that holds the port of a site whose command has ended, unless visitors get a response', () => {
    const heldBy = { process: '7:1', command: 'node server.js' };
    assert.deepEqual(eventOfStoppedProbe(stopped, { kind: 'stopped' }, heldBy), { type: 'silent', heldBy });
    assert.equal(eventOfStoppedProbe({ ...stopped, heldBy }, { kind: 'stopped' }, heldBy), undefined);
    assert.deepEqual(eventOfStoppedProbe({ ...stopped, heldBy }, { kind: 'stopped' }), { type: 'silent' });
    assert.deepEqual(eventOfStoppedProbe({ ...stopped, heldBy }, { kind: 'live' }, heldBy), { type: 'listening' });
  });

  it('is dropped when the server is gone', () => {
    for (const site of [
      { ...waiting, refusal },
      { ...waiting, mute: true },
    ] as const) {
      assert.deepEqual(eventOfListeners(site, 3000, { onPort: [], own: [] }, uid), { type: 'silent' });
      assert.deepEqual(eventOfTarget(site, undefined), { type: 'silent' });
    }
    assert.equal(eventOfTarget(waiting, undefined), undefined);
    assert.deepEqual(eventOfTarget(waiting, { port: 5173, address: '::1' }), { type: 'listening' });
    assert.deepEqual(eventOfTarget(live, undefined), { type: 'silent' });
  });

  it('tells a stopped site when another window of the student serves it', () => {
    const { stopped } = examples;
    const answered = { ...stopped, answered: true } as const;
    assert.deepEqual(eventOfStoppedProbe(stopped, { kind: 'live' }), { type: 'listening' });
    assert.deepEqual(eventOfStoppedProbe(stopped, { kind: 'refuses', ...refusal }), { type: 'listening' });
    assert.equal(eventOfStoppedProbe(answered, { kind: 'live' }), undefined);
    for (const result of [{ kind: 'stopped' }, { kind: 'silent', server: 'Vite' }] as const) {
      assert.equal(eventOfStoppedProbe(stopped, result), undefined);
      assert.deepEqual(eventOfStoppedProbe(answered, result), { type: 'silent' });
    }
  });
});

describe('window/server/readinessEvents: several commands with one port', () => {
  const hidden = (...ports: number[][]) => eventOfOthers(examples.live, 5173, ports);

  it('names the servers that visitors do not see', () => {
    assert.deepEqual(hidden([5173], [5174, 9229]), { type: 'hiddenServers', port: 5173, hidden: [5174] });
  });

  it('says nothing of one server, nor of a command that does not listen', () => {
    assert.equal(hidden(), undefined);
    assert.equal(hidden([5173, 5174], []), undefined);
  });

  it('takes it back when the second server is gone', () => {
    const event = eventOfOthers({ ...examples.live, hidden: [5174] }, 5173, []);
    assert.deepEqual(event, { type: 'hiddenServers', port: 5173, hidden: [] });
  });
});
