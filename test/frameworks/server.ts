// A dev server from the moment it is typed to the moment it listens.
import { setTimeout } from 'node:timers/promises';
import { once } from 'node:events';
import type { Target } from '../../src/relay/forward.ts';
import { greet } from '../../src/relay/greet.ts';
import { findTarget } from '../../src/relay/target.ts';
import { listenersOf } from '../../src/shell/listeners.ts';
import { descendants } from '../../src/shell/processes.ts';
import type { Terminal } from './terminal.ts';

/** The first start of a big tool compiles for a while. Milliseconds. */
const START_LIMIT = 90_000;
/** Some servers print their last word before they listen. Milliseconds. */
const LOOK_AGAIN = 300;

/** Waits until the processes under a terminal listen, and says where their site is. */
export async function untilListening(terminal: Terminal, assignedPort: number): Promise<Target> {
  const deadline = Date.now() + START_LIMIT;
  while (Date.now() < deadline) {
    const target = await findTarget(listenersOf(descendants(terminal.pid).map(({ pid }) => pid)), assignedPort, greet);
    if (target !== undefined) return target;
    const quiet = new AbortController();
    await Promise.race([once(terminal.events, 'output', { signal: quiet.signal }), setTimeout(LOOK_AGAIN)]);
    quiet.abort();
  }
  throw new Error(`It does not listen. It printed:\n${terminal.printed().slice(-2000)}`);
}
