import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { lockFolder } from './lock.ts';
import { queueFolder, requestTime } from './queue.ts';
import type { StateFolder } from './stateFolder.ts';

/** Milliseconds. */
const tickWatched = 500;
const tickUnwatched = 100;

/** Milliseconds: how long a crowd is gathered before its round. */
export const gathering = { quiet: 100, longest: 2_000 } as const;

/**
 * How long to wait before the next round, in milliseconds. A request that is alone goes at once; in a crowd the round waits
 * until nobody has come for a moment, since every round costs the same number of calls however many it serves.
 */
export function gatherFor(ids: readonly string[], now: number, since: number): number {
  if (ids.length < 2) return 0;
  const newest = Math.max(...ids.map(requestTime).filter((time) => time <= now));
  return Math.max(0, Math.min(newest + gathering.quiet, since + gathering.longest) - now);
}

/**
 * Wakes whoever waits for its turn: when its own outcome is there, when the lock is let go, and now and then, since neither the
 * death of a holder nor a change on a network folder's other host tells us anything.
 */
export class Turn {
  private readonly watchers: FSWatcher[] = [];
  private wake: () => void = () => undefined;
  private woken = false;
  private lastProgress: number | undefined;
  private tick = tickWatched;

  constructor(private readonly folder: StateFolder, id: string) {
    this.watch(folder.in(queueFolder, id));
    this.watch(folder.in(lockFolder));
  }

  /** Returns at the next event, after `atMost` milliseconds, or when `stop` is aborted. */
  async next(stop: AbortSignal, atMost = this.tick): Promise<void> {
    if (!this.woken && !stop.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(atMost, this.tick));
        this.wake = () => { clearTimeout(timer); resolve(); };
        stop.addEventListener('abort', this.wake, { once: true });
      });
      stop.removeEventListener('abort', this.wake);
    }
    this.woken = false;
  }

  /** Did whoever holds the lock get on since this was last asked? */
  async progressed(): Promise<boolean> {
    const progress = await stat(this.folder.in(...progressFile)).then((stats) => stats.mtimeMs, () => 0);
    const moved = this.lastProgress !== undefined && progress !== this.lastProgress;
    this.lastProgress = progress;
    return moved;
  }

  close(): void {
    for (const watcher of this.watchers) watcher.close();
  }

  private watch(folder: string): void {
    const giveUp = () => { this.tick = tickUnwatched; }; // a class in one account can use up the kernel's watches
    try {
      const watcher = watch(folder, () => { this.woken = true; this.wake(); });
      watcher.on('error', giveUp);
      this.watchers.push(watcher);
    } catch {
      giveUp();
    }
  }
}

const progressFile = ['records', 'progress'] as const;

/** Tells everybody who waits that something got done. */
export async function noteProgress(folder: StateFolder, now: number): Promise<void> {
  // A file of one's own each time: only its owner may set the time of a file.
  await folder.write(progressFile, `${now}\n`).catch(() => undefined);
}
