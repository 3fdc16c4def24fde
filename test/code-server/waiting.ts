/** Waiting for what no event tells of: looked at again and again, never for a fixed time. */
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = 30_000;

/**
 * Waits until `look` gives something that is neither false nor undefined, and gives that.
 * @param what ends the sentence "Waited in vain for …"
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

/** Tries until it no longer throws, and gives what it gave; the last error is the cause of the failure. */
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
