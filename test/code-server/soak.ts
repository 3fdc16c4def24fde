/**
 * Random events of a student's day, one after the other and into each other, and then nothing: `npm run soak`.
 * SOAK_EVENTS and SOAK_SEED choose how many, and which.
 */
import assert from 'node:assert/strict';
import type { CodeServer } from '../../demo/codeServer.ts';
import { signalIfThere } from '../../demo/marked.ts';
import { published, waitUntilGone } from './cloudflare.ts';
import { GRACE_SECONDS, holdersOf, runCli } from './life.ts';
import { openGate } from './gate.ts';
import type { Gate } from './gate.ts';
import { guardiansOf, hostsOf, processesOf, serversOf, waitForProcesses } from './studentProcesses.ts';
import { expectSoon, waitFor } from './waiting.ts';
import { withClass } from './withClass.ts';
import type { Class } from './withClass.ts';
import { Workbench } from './workbench.ts';

const EVENTS = Number(process.env.SOAK_EVENTS ?? 20);
const SEED = Number(process.env.SOAK_SEED ?? Date.now() % 100_000);
const MILLISECONDS_AN_EVENT = 45_000;
const MOST_WINDOWS = 2;
/** Its own, and its extension host's. */
const CONNECTIONS_OF_A_WINDOW = 2;
const AWAY_MINUTES = 0.1;
/** A window has long started another extension host by then, if it will. */
const HOST_MILLISECONDS = 5_000;
/** The extension notices within a minute that a window no longer answers; then the link is there for as long as it may be away. */
const AFTER_VANISHING_MILLISECONDS = 120_000;

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
  /** The network between the browser and code-server. */
  readonly gate: Gate;
  readonly windows: Workbench[];
  /** What changes in the course of the day. */
  readonly now: { codeServer: CodeServer; isApiUp: boolean; killsInARow: number };
  /** One of several, by chance. */
  readonly pick: <T>(all: readonly T[]) => T | undefined;
}

async function openWindow({ it, gate, windows }: Day): Promise<Workbench> {
  const window = await Workbench.open(
    it.context,
    it.classroom.codeServer.url.replace(it.classroom.codeServer.host, gate.host),
  );
  windows.push(window);
  return window;
}

async function reloadAll({ windows, now }: Day): Promise<void> {
  for (const window of windows) await window.reload();
  now.killsInARow = 0;
}

const forget = ({ windows }: Day, window: Workbench): void => void windows.splice(windows.indexOf(window), 1);

/** Each gives false where it makes no sense now. */
const events: Readonly<Record<string, (day: Day, window: Workbench) => Promise<unknown>>> = {
  'start the server': async ({ it, windows, now }, window) => {
    // A terminal that comes back with its window may do so at any moment, and is in front then.
    const listens = await expectSoon(
      async () => {
        const terminal = (await window.activeTerminal()) ?? (await it.openTerminal(window));
        await terminal.interrupt();
        await terminal.type('npm run dev');
        // What was typed while its shell came back may have lost a letter: what the server says tells what was understood.
        await terminal.showing(/http:\/\/localhost:|EADDRINUSE/).waitFor({ timeout: 10_000 });
        return terminal.showing('http://localhost:').isVisible();
      },
      'a terminal to type into',
      MILLISECONDS_AN_EVENT,
    );
    // Where a terminal of a window that is closed has the port still, there is no server in this one to be published.
    if (listens && windows.length === 1 && now.isApiUp) await window.waitForStatus(it.classroom.hostname);
  },
  'stop the server': async (_, window) => {
    const terminal = await window.activeTerminal();
    if (!terminal) return false;
    await terminal.interrupt();
  },
  'open a terminal': ({ it }, window) => it.openTerminal(window),
  'close a terminal': async (_, window) => {
    const terminal = await window.activeTerminal();
    if (!terminal) return false;
    await terminal.endedBy(() => window.runCommand('Terminal: Kill the Active Terminal Instance'));
  },
  'leave a shell': async (_, window) => {
    const terminal = await window.activeTerminal();
    if (!terminal) return false;
    await terminal.interrupt();
    await terminal.endedBy(() => terminal.type('exit'));
  },
  reload: (_, window) => window.reload(),
  'open a window': async (day) => day.windows.length < MOST_WINDOWS && openWindow(day),
  'close a window': async (day, window) => {
    forget(day, window);
    await window.close();
  },
  'crash a tab': async (day, window) => {
    forget(day, window);
    await window.crash();
  },
  'lose the network': async ({ gate, windows }) => {
    const before = gate.turnedAway();
    gate.shut();
    await waitFor(() => gate.turnedAway() >= before + windows.length, 'the windows to miss code-server');
    gate.open();
    await waitFor(() => gate.connections() >= windows.length * CONNECTIONS_OF_A_WINDOW, 'the windows to be back');
  },
  'kill a host': async (day, window) => {
    const hosts = await hostsOf(day.it.classroom);
    const host = day.pick(hosts);
    if (!host) return false;
    // A window that has lost its host three times in a row gives up, as it says itself; a reload is its new beginning.
    if (day.now.killsInARow === 2) await reloadAll(day);
    day.now.killsInARow += 1;
    signalIfThere(host.pid, 'SIGKILL');
    const known = hosts.map(({ pid }) => pid);
    // A window whose network goes while it starts another host may leave it at that. Nobody starts another for a tab that crashed.
    await waitFor(
      async () => (await hostsOf(day.it.classroom)).some(({ pid }) => !known.includes(pid)),
      'another host',
      HOST_MILLISECONDS,
    ).catch(() => undefined);
    return window.ready();
  },
  'kill a guardian': async ({ it, pick }) => {
    const guardian = pick(await guardiansOf(it.classroom));
    if (!guardian) return false;
    signalIfThere(guardian.pid, 'SIGKILL');
  },
  // As a service manager does: what its main process leaves behind is ended, and it is started again.
  'kill code-server': async (day) => {
    const { it, now } = day;
    signalIfThere(now.codeServer.pid, 'SIGKILL');
    await now.codeServer.ended;
    for (const { pid } of await processesOf(it.classroom)) signalIfThere(pid, 'SIGTERM');
    await waitFor(
      async () => (await processesOf(it.classroom)).length === 0,
      'the end of what code-server left behind',
    );
    now.codeServer = await it.classroom.restartCodeServer();
    await reloadAll(day);
  },
  'take the API down': async ({ it, now }) => {
    if (!now.isApiUp) return false;
    now.isApiUp = false;
    await it.classroom.standIn.goOffline();
  },
  'bring the API back': async ({ it, now }) => {
    if (now.isApiUp) return false;
    await it.classroom.standIn.goOnline();
    now.isApiUp = true;
  },
  republish: (_, window) => window.runCommand('Classroom Tunnel: Republish'),
  // Without the API it fails, and says so.
  'collect garbage': ({ it, now }) =>
    runCli(it.classroom, 'gc').catch((error: unknown) => {
      if (now.isApiUp) throw error;
    }),
};

describe('a soak', () => {
  it(`of ${EVENTS} random events ends with nothing published and nothing left behind (seed ${SEED})`, async function () {
    this.timeout(60_000 + EVENTS * MILLISECONDS_AN_EVENT);
    await withClass(
      'soak',
      async (it) => {
        const gate = await openGate(it.classroom.codeServer.host);
        try {
          await liveThrough(it, gate);
        } finally {
          await gate.close();
        }
      },
      { settings: { 'classroomTunnel.graceSeconds': GRACE_SECONDS, 'classroomTunnel.awayMinutes': AWAY_MINUTES } },
    );
  });
});

async function liveThrough(it: Class, gate: Gate): Promise<void> {
  const { classroom } = it;
  const random = randomNumbers(SEED);
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const day: Day = {
    it,
    gate,
    windows: [],
    now: { codeServer: classroom.codeServer, isApiUp: true, killsInARow: 0 },
    pick,
  };
  const { windows, now } = day;
  for (let done = 0; done < EVENTS;) {
    if (windows.length === 0) await openWindow(day);
    const name = pick(Object.keys(events)) ?? '';
    const window = pick(windows);
    if (!window || (await events[name]?.(day, window)) === false) continue;
    done += 1;
    console.log(`      ${done}: ${name}, ${windows.length} open, ${JSON.stringify(published(classroom))}`);
  }

  // Whatever has happened, a student who has the port to themselves and starts the server in a window that is left is live.
  const last = windows[0] ?? (await openWindow(day));
  await events['bring the API back']?.(day, last);
  for (const { pid } of await serversOf(classroom)) signalIfThere(pid, 'SIGTERM');
  await waitForProcesses(serversOf, classroom, 0);
  await events['start the server']?.(day, last);
  await last.waitForStatus(classroom.hostname);
  for (const page of it.context.pages()) await page.close();
  await waitUntilGone(classroom, AFTER_VANISHING_MILLISECONDS);
  await waitForProcesses(guardiansOf, classroom, 0);
  assert.deepEqual(await holdersOf(classroom), []);
  await now.codeServer.stop();
  await waitFor(async () => (await processesOf(classroom)).length === 0, 'the end of every process');
}
