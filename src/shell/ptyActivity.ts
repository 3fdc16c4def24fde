// Tells that a terminal has written something, without polling: the kernel reports writes to its device (inotify).
import { readlinkSync, watch } from 'node:fs';

/** After an output the watch rests, so that a noisy build costs one look per pause. Milliseconds. */
const firstPause = 250;
const longestPause = 4000;

/** How long to rest after an output: longer and longer while outputs go on, short again after a quiet time. Pure. */
export function nextPause(previous: number, quietMs: number): number {
  return quietMs > longestPause ? firstPause : Math.min(previous * 2, longestPause);
}

/**
 * Calls back soon after a process's terminal was written to. In a silent terminal nothing wakes up.
 * @returns what ends the watch; it does nothing where the process has no terminal or the system cannot watch it
 */
export function watchOutput(pid: number, onOutput: () => void, procRoot = '/proc'): { dispose(): void } {
  const device = terminalOf(pid, procRoot);
  let stop = (): void => undefined;
  let pause = firstPause;
  const listen = (): void => {
    const since = performance.now();
    stop = onceWritten(device, () => {
      pause = nextPause(pause, performance.now() - since);
      const timer = setTimeout(() => {
        listen(); // first, so that nothing written during the look is missed
        onOutput();
      }, pause);
      timer.unref();
      stop = () => clearTimeout(timer);
    });
  };
  listen();
  return { dispose: () => stop() };
}

function terminalOf(pid: number, procRoot: string): string | undefined {
  try {
    const path = readlinkSync(`${procRoot}/${pid}/fd/0`);
    return path.startsWith('/dev/pts/') || path.startsWith('/dev/tty') ? path : undefined;
  } catch {
    return undefined;
  }
}

function onceWritten(device: string | undefined, onWritten: () => void): () => void {
  if (device === undefined) return () => undefined;
  try {
    const watcher = watch(device, { persistent: false });
    const end = (): void => watcher.close();
    watcher.once('change', () => {
      end();
      onWritten();
    });
    watcher.once('error', end); // the terminal is gone
    return end;
  } catch {
    return () => undefined; // no inotify watch left for this user: the other moments to look remain
  }
}
