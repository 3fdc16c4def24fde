// Progress on stderr: one line that counts the seconds on a terminal, plain lines elsewhere, silence while the work is fast.
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';

const QUIET_MILLISECONDS = 1_000;
const PLAIN_LINE_SECONDS = 15;

/**
 * Shows that something long is being done, and how long it took.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProgress(title, work) {
  const { stderr } = process;
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1_000);
  let shown = false;
  const tick = () => {
    if (stderr.isTTY) stderr.write(`\r${title} ... ${seconds()} s `);
    else if (!shown || seconds() % PLAIN_LINE_SECONDS === 0)
      stderr.write(`${title} ... ${shown ? `${seconds()} s` : ''}\n`);
    shown = true;
  };
  const timer = setInterval(tick, QUIET_MILLISECONDS);
  try {
    const result = await work();
    if (shown) stderr.write(`${stderr.isTTY ? '\r' : ''}${title}: done in ${seconds()} s\n`);
    return result;
  } catch (error) {
    if (shown && stderr.isTTY) stderr.write('\n');
    throw error;
  } finally {
    clearInterval(timer);
  }
}
