/**
 * Random events of a student's day, one after the other, some before the last one has settled: `npm run soak`.
 * SOAK_EVENTS sets their number, SOAK_SEED their choice.
 */
import assert from 'node:assert/strict';
import type { CodeServer } from '../../demo/codeServer.ts';
import { signalIfThere } from '../../demo/marked.ts';
import { published, waitUntilGone } from './cloudflare.ts';
import { GRACE_SECONDS, holdersOf, runCli } from './life.ts';
import { openNetworkGate } from './networkGate.ts';
import type { NetworkGate } from './networkGate.ts';
import { guardiansOf, hostsOf, processesOf, serversOf, waitForProcesses } from './studentProcesses.ts';
import { expectSoon, waitFor } from './waiting.ts';
import { withCodeServer } from './withCodeServer.ts';
import type { Session } from './withCodeServer.ts';
import { Workbench } from './workbench.ts';

const EVENTS = Number(process.env.SOAK_EVENTS ?? 20);
const SEED = Number(process.env.SOAK_SEED ?? Date.now() % 100_000);
const MILLISECONDS_AN_EVENT = 45_000;
const MOST_WINDOWS = 2;
/** One of the page, one of its extension host. */
const CONNECTIONS_OF_A_WINDOW = 2;
const AWAY_MINUTES = 0.1;
/** If the window starts another extension host at all, it does so within this time. */
const HOST_MILLISECONDS = 5_000;
/** The extension notices within a minute that a window no longer answers, and then keeps the link for the allowed time. */
const AFTER_VANISHING_MILLISECONDS = 120_000;

/** A generator of random numbers from 0 to 1, always the same for one seed (mulberry32). */
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
  readonly session: Session;
  /** The network between the browser and code-server. */
  readonly gate: NetworkGate;
  readonly windows: Workbench[];
  /** The state that changes in the course of the day. */
  readonly now: { codeServer: CodeServer; isApiUp: boolean; killsInARow: number };
  /** Picks one of several at random. */
  readonly pick: <T>(all: readonly T[]) => T | undefined;
}

async function openWindow({ session, gate, windows }: Day): Promise<Workbench> {
  const window = await Workbench.open(
    session.context,
    session.classroom.codeServer.url.replace(session.classroom.codeServer.host, gate.host),
  );
  windows.push(window);
  return window;
}

async function reloadAll({ windows, now }: Day): Promise<void> {
  for (const window of windows) await window.reload();
  now.killsInARow = 0;
}

const forget = ({ windows }: Day, window: Workbench): void => void windows.splice(windows.indexOf(window), 1);

/** The events by name. Each returns false when it cannot happen now. */
const events: Readonly<Record<string, (day: Day, window: Workbench) => Promise<unknown>>> = {
  'start the server': async ({ session, windows, now }, window) => {
    // A restored terminal may appear in front at any moment.
    const listens = await expectSoon(
      async () => {
        const terminal = (await window.activeTerminal()) ?? (await session.openTerminal(window));
        await terminal.interrupt();
        await terminal.type('npm run dev');
        // A line typed while the shell was restored may have lost a letter; the output tells whether the command ran.
        await terminal.showing(/http:\/\/localhost:|EADDRINUSE/).waitFor({ timeout: 10_000 });
        return terminal.showing('http://localhost:').isVisible();
      },
      'a terminal to type into',
      MILLISECONDS_AN_EVENT,
    );
    // While a terminal of a closed window still has the port, no server runs in this one.
    if (listens && windows.length === 1 && now.isApiUp) await window.waitForStatus(session.classroom.hostname);
  },
  'stop the server': async (_, window) => {
    const terminal = await window.activeTerminal();
    if (!terminal) return false;
    await terminal.interrupt();
  },
  'open a terminal': ({ session }, window) => session.openTerminal(window),
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
    const hosts = await hostsOf(day.session.classroom);
    const host = day.pick(hosts);
    if (!host) return false;
    // A window that has lost its host three times in a row starts no other until it is reloaded.
    if (day.now.killsInARow === 2) await reloadAll(day);
    day.now.killsInARow += 1;
    signalIfThere(host.pid, 'SIGKILL');
    const known = hosts.map(({ pid }) => pid);
    // A window that loses its network while it starts another host may give up, and a crashed tab starts none.
    await waitFor(
      async () => (await hostsOf(day.session.classroom)).some(({ pid }) => !known.includes(pid)),
      'another host',
      HOST_MILLISECONDS,
    ).catch(() => undefined);
    return window.ready();
  },
  'kill a guardian': async ({ session, pick }) => {
    const guardian = pick(await guardiansOf(session.classroom));
    if (!guardian) return false;
    signalIfThere(guardian.pid, 'SIGKILL');
  },
  // As a service manager does: ends the processes that the main process left behind, and starts it again.
  'kill code-server': async (day) => {
    const { session, now } = day;
    signalIfThere(now.codeServer.pid, 'SIGKILL');
    await now.codeServer.ended;
    for (const { pid } of await processesOf(session.classroom)) signalIfThere(pid, 'SIGTERM');
    await waitFor(
      async () => (await processesOf(session.classroom)).length === 0,
      'the end of the processes that code-server left behind',
    );
    now.codeServer = await session.classroom.restartCodeServer();
    await reloadAll(day);
  },
  'take the API down': async ({ session, now }) => {
    if (!now.isApiUp) return false;
    now.isApiUp = false;
    await session.classroom.standIn.goOffline();
  },
  'bring the API back': async ({ session, now }) => {
    if (now.isApiUp) return false;
    await session.classroom.standIn.goOnline();
    now.isApiUp = true;
  },
  republish: (_, window) => window.runCommand('Classroom Tunnel: Republish'),
  // It fails while the API is down.
  'collect garbage': ({ session, now }) =>
    runCli(session.classroom, 'gc').catch((error: unknown) => {
      if (now.isApiUp) throw error;
    }),
};

describe('a soak', () => {
  it(`of ${EVENTS} random events ends with nothing published and no process left (seed ${SEED})`, async function () {
    this.timeout(60_000 + EVENTS * MILLISECONDS_AN_EVENT);
    await withCodeServer(
      'soak',
      async (session) => {
        const gate = await openNetworkGate(session.classroom.codeServer.host);
        try {
          await liveThrough(session, gate);
        } finally {
          await gate.close();
        }
      },
      { settings: { 'classroomTunnel.graceSeconds': GRACE_SECONDS, 'classroomTunnel.awayMinutes': AWAY_MINUTES } },
    );
  });
});

async function liveThrough(session: Session, gate: NetworkGate): Promise<void> {
  const { classroom } = session;
  const random = randomNumbers(SEED);
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const day: Day = {
    session,
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

  // After all events, a server started in a remaining window is live, as no other has its port.
  const last = windows[0] ?? (await openWindow(day));
  await events['bring the API back']?.(day, last);
  for (const { pid } of await serversOf(classroom)) signalIfThere(pid, 'SIGTERM');
  await waitForProcesses(serversOf, classroom, 0);
  await events['start the server']?.(day, last);
  await last.waitForStatus(classroom.hostname);
  for (const page of session.context.pages()) await page.close();
  await waitUntilGone(classroom, AFTER_VANISHING_MILLISECONDS);
  await waitForProcesses(guardiansOf, classroom, 0);
  assert.deepEqual(await holdersOf(classroom), []);
  await now.codeServer.stop();
  await waitFor(async () => (await processesOf(classroom)).length === 0, 'the end of every process');
}
