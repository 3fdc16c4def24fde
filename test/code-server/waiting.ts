/** Polls for conditions that no event announces. */
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = 30_000;

/**
 * Waits until `look` returns something other than false and undefined, and returns that.
 * @param what ends the sentence "Waited in vain for …"
 * @throws an Error with that sentence when the patience is over
 */
export async function waitFor<T>(
  look: () => Promise<T | false | undefined> | T | false | undefined,
  what: string,
  patienceMilliseconds = PATIENCE_MILLISECONDS,
): Promise<T> {
  const deadline = performance.now() + patienceMilliseconds;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await delay(LOOK_AGAIN_MILLISECONDS);
  }
}

/** Repeats `attempt` until it succeeds, and returns its result. @throws an Error whose cause is the last failure */
export async function expectSoon<T>(
  attempt: () => Promise<T>,
  what: string,
  patienceMilliseconds = PATIENCE_MILLISECONDS,
): Promise<T> {
  let last: unknown;
  const done = await waitFor(
    async () => {
      try {
        return { value: await attempt() };
      } catch (error) {
        last = error;
        return false;
      }
    },
    what,
    patienceMilliseconds,
  ).catch(() => undefined);
  if (!done) throw new Error(`Waited in vain for ${what}`, { cause: last });
  return done.value;
}
