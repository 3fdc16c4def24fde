import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { identify } from '../../../src/shell/processIds.ts';
import { ReadinessWatcher } from '../../../src/window/server/readiness.ts';
import type { Site } from '../../../src/window/site/siteState.ts';
import { emptyWindow } from '../../../src/window/site/windowState.ts';
import { examples } from '../site/sites.ts';

const own = identify(process.pid) ?? '';
const port = 3000;
const second = 1000;

describe('when a public port is looked at', () => {
  let now: number;
  /** The seconds of each full look, and of each look into the terminal. */
  let fullLooks: number[];
  let terminalLooks: number[];
  let watcher: ReadinessWatcher;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    [now, fullLooks, terminalLooks] = [0, [], []];
    watcher = new ReadinessWatcher({
      dispatch: () => undefined,
      look: () => terminalLooks.push(now),
      uid: process.getuid?.() ?? 0,
      relays: { socketOf: () => void fullLooks.push(now), setTarget: () => undefined, cookieFor: () => undefined },
    });
  });
  afterEach(() => {
    watcher.dispose();
    mock.timers.reset();
  });

  function follow(site: Site, process = own): void {
    const running = site.kind !== 'stopped';
    const sites = new Map([[port, { ...site, runs: new Map([[own, { process, running }]]) }]]);
    watcher.follow({ ...emptyWindow, sites });
  }
  function pass(seconds: number): void {
    for (let left = seconds; left > 0; left -= 1) {
      now += 1;
      mock.timers.tick(second);
    }
  }

  it('is soon and then every ten seconds while the site is live and its command runs', () => {
    follow(examples.live);
    pass(40);
    assert.deepEqual([fullLooks, terminalLooks], [[1, 11, 21, 31], []]);
  });

  it('is the terminal soon and then every two seconds once the command of a live site has ended', () => {
    follow(examples.live, `${process.pid}:1`);
    pass(6);
    assert.deepEqual(terminalLooks, [1, 3, 5]);
  });

  it('is soon and then every ten seconds, with the terminal, while the server is stopped', () => {
    follow(examples.stopped);
    pass(30);
    assert.deepEqual(
      [fullLooks, terminalLooks],
      [
        [1, 11, 21],
        [1, 11, 21],
      ],
    );
  });

  it('is never once nothing is public, or the watcher is disposed', () => {
    follow(examples.live);
    watcher.follow(emptyWindow);
    pass(20);
    follow(examples.live);
    watcher.dispose();
    pass(20);
    follow(examples.publishing);
    pass(20);
    assert.deepEqual(fullLooks, []);
  });
});
