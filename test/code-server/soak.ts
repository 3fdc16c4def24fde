/**
 * Random events of a student's day, one after the other and into each other, and then nothing: `npm run soak`.
 * SOAK_EVENTS and SOAK_SEED choose how many, and which.
 */
import assert from 'node:assert/strict';
import { signalIfThere } from '../../demo/marked.ts';
import { published, waitUntilGone } from './cloudflare.ts';
import { AFTER_GRACE_MILLISECONDS, SHORT_GRACE, holdersOf, runCli } from './life.ts';
import { guardiansOf, hostsOf, processesOf, waitForProcesses } from './studentProcesses.ts';
import { expectSoon, waitFor } from './waiting.ts';
import { withClass } from './withClass.ts';
import type { Class } from './withClass.ts';
import type { Workbench } from './workbench.ts';

const EVENTS = Number(process.env.SOAK_EVENTS ?? 20);
const SEED = Number(process.env.SOAK_SEED ?? Date.now() % 100_000);
const MILLISECONDS_AN_EVENT = 45_000;
const MOST_WINDOWS = 2;

/** The same numbers for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Day {
  readonly it: Class;
  readonly windows: Workbench[];
  readonly recent: { kills: number };
  /** One of several, by chance. */
  readonly pick: <T>(all: readonly T[]) => T | undefined;
}

/** Each gives false where it makes no sense now. */
const events: Readonly<Record<string, (day: Day, window: Workbench) => Promise<unknown>>> = {
  'start the server': async ({ it, windows }, window) => {
    // A terminal that comes back with its window may do so at any moment, and is in front then.
    await expectSoon(async () => {
      const terminal = await window.activeTerminal() ?? await it.openTerminal(window);
      await terminal.interrupt();
      await terminal.type('npm run dev');
      // What was typed while its shell came back may have lost a letter: what npm says tells what was understood. A server of a window
      // that is closed may have the port still, and says so on more lines than there are.
      await terminal.showing(/> node server\.mjs|EADDRINUSE/).waitFor({ timeout: 10_000 });
    }, 'a terminal to type into', MILLISECONDS_AN_EVENT);
    if (windows.length === 1) await window.waitForStatus(it.classroom.hostname);
  },
  'stop the server': async (_, window) => {
    const terminal = await window.activeTerminal();
    if (!terminal) return false;
    await terminal.interrupt();
  },
  'open a terminal': ({ it }, window) => it.openTerminal(window),
  'close a terminal': async (_, window) => await window.activeTerminal() !== undefined && window.runCommand('Terminal: Kill the Active Terminal Instance'),
  'reload': (_, window) => window.reload(),
  'open a window': async ({ it, windows }) => windows.length < MOST_WINDOWS && windows.push(await it.openWindow()),
  'close a window': async ({ windows }, window) => {
    windows.splice(windows.indexOf(window), 1);
    await window.close();
  },
  'kill a host': async ({ it, pick, windows, recent }, window) => {
    const host = pick(await hostsOf(it.classroom));
    if (!host) return false;
    // A window that has lost its host three times in a row gives up, as it says itself; a reload is its new beginning.
    if (recent.kills === 2) {
      for (const one of windows) await one.reload();
      recent.kills = 0;
    }
    recent.kills += 1;
    signalIfThere(host.pid, 'SIGKILL');
    return window.ready();
  },
  'kill a guardian': async ({ it, pick }) => {
    const guardian = pick(await guardiansOf(it.classroom));
    if (!guardian) return false;
    signalIfThere(guardian.pid, 'SIGKILL');
  },
  'republish': (_, window) => window.runCommand('Classroom Tunnel: Republish'),
  'collect garbage': ({ it }) => runCli(it.classroom, 'gc'),
};

describe('a soak', () => {
  it(`of ${EVENTS} random events ends with nothing published and nothing left behind (seed ${SEED})`, async function () {
    this.timeout(60_000 + EVENTS * MILLISECONDS_AN_EVENT);
    await withClass('soak', async (it) => {
      const { classroom } = it;
      const random = randomNumbers(SEED);
      const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
      const day: Day = { it, windows: [], recent: { kills: 0 }, pick };
      const { windows } = day;
      for (let done = 0; done < EVENTS;) {
        if (windows.length === 0) windows.push(await it.openWindow());
        const name = pick(Object.keys(events)) ?? '';
        const window = pick(windows);
        if (!window || await events[name]?.(day, window) === false) continue;
        done += 1;
        console.log(`      ${done}: ${name}, ${windows.length} open, ${JSON.stringify(published(classroom))}`);
      }

      // Whatever has happened, a student who starts the server in a window that is left is live.
      const last = windows[0] ?? await it.openWindow();
      await events['start the server']?.(day, last);
      await last.waitForStatus(classroom.hostname);
      for (const page of it.context.pages()) await page.close();
      await waitUntilGone(classroom, AFTER_GRACE_MILLISECONDS * 2);
      await waitForProcesses(guardiansOf, classroom, 0);
      assert.deepEqual(await holdersOf(classroom), []);
      await classroom.codeServer.stop();
      await waitFor(async () => (await processesOf(classroom)).length === 0, 'the end of every process');
    }, SHORT_GRACE);
  });
});
