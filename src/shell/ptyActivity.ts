// Reports output of a terminal without polling: the kernel reports writes to its device (inotify).
import { readlinkSync, watch } from 'node:fs';

/** The watch pauses after an output, so that a noisy build causes one scan for each pause. Milliseconds. */
const firstPause = 250;
const longestPause = 4000;

/** The pause after an output: it doubles while output goes on, and starts again after a quiet time. Pure. */
export function nextPause(previous: number, quietMs: number): number {
  return quietMs > longestPause ? firstPause : Math.min(previous * 2, longestPause);
}

/**
 * Calls back soon after output in a process's terminal. A silent terminal needs no timer.
 * @returns ends the watch. Without a terminal, or if the system cannot watch it, there is none to end.
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
        listen(); // first, so that no output during the scan is missed
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
    watcher.once('error', end); // the terminal has closed
    return end;
  } catch {
    return () => undefined; // this user has no inotify watch left: scans after other events remain
  }
}
