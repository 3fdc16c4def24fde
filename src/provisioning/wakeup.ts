import { watch, type FSWatcher } from 'node:fs';
import { MendableError } from './errors.ts';
import { lockFolder } from './lock.ts';
import { queueFolder } from './queue.ts';
import type { StateFolder } from './stateFolder.ts';

/** Milliseconds between two looks of one who waits alone; in a crowd everybody looks more seldom. */
const tickWatched = 500;
const tickUnwatched = 100;
const tickForEachOther = 5;

/** How long one who waits goes on waiting, in milliseconds: only time in which nothing got on counts. */
export class Patience {
  constructor(
    private readonly limit: number,
    private lastProgress: number,
  ) {}

  /** @throws MendableError `busy` */
  check(now: number, progressed: boolean): void {
    if (progressed) this.lastProgress = now;
    if (now - this.lastProgress > this.limit)
      throw new MendableError('busy', { seconds: Math.round(this.limit / 1000) });
  }
}

/**
 * Wakes whoever waits for its turn: when its own outcome is there, when the lock is let go (see `watchLock`), and now and then,
 * since neither the death of a holder nor a change on a network folder's other host tells us anything.
 */
export class Turn {
  private readonly watchers: FSWatcher[] = [];
  private wake: () => void = () => undefined;
  private woken = false;
  private lastProgress: number | undefined;
  private tick = tickWatched;
  private watchesLock = false;

  constructor(
    private readonly folder: StateFolder,
    id: string,
  ) {
    this.watch(folder.in(queueFolder, id));
  }

  /** From now on the lock wakes us too: for those who may take it. A whole crowd that woke with it would only be in its holder's way. */
  watchLock(): void {
    if (this.watchesLock) return;
    this.watchesLock = true;
    this.watch(this.folder.in(lockFolder));
  }

  /** Returns at the next event, or after the time of a look among `others`, or when `stop` is aborted. Says whether it was the time. */
  async next(stop: AbortSignal, others = 0): Promise<boolean> {
    return this.pause(stop, this.tick + others * tickForEachOther);
  }

  /** Returns at the next event, after `milliseconds`, or when `stop` is aborted. Says whether it was the time. */
  async pause(stop: AbortSignal, milliseconds: number): Promise<boolean> {
    let timeIsUp = false;
    if (!this.woken && !stop.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          timeIsUp = true;
          resolve();
        }, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
        stop.addEventListener('abort', this.wake, { once: true });
      });
      stop.removeEventListener('abort', this.wake);
    }
    this.woken = false;
    return timeIsUp;
  }

  /** Did whoever holds the lock get on since this was last asked? */
  progressed(): boolean {
    const progress = lastProgress(this.folder);
    const moved = this.lastProgress !== undefined && progress !== this.lastProgress;
    this.lastProgress = progress;
    return moved;
  }

  close(): void {
    for (const watcher of this.watchers) watcher.close();
  }

  private watch(folder: string): void {
    const giveUp = () => {
      this.tick = tickUnwatched;
    }; // a class in one account can use up the kernel's watches
    try {
      const watcher = watch(folder, () => {
        this.woken = true;
        this.wake();
      });
      watcher.on('error', giveUp);
      this.watchers.push(watcher);
    } catch {
      giveUp();
    }
  }
}

const progressFile = ['records', 'progress'] as const;

/** When something last got done, in milliseconds since 1970; 0 if nothing ever was. */
export function lastProgress(folder: StateFolder): number {
  return folder.timeOf(...progressFile);
}

/** Tells everybody who waits that something got done. */
export async function noteProgress(folder: StateFolder, now: number): Promise<void> {
  // A file of one's own each time: only its owner may set the time of a file.
  await folder.write(progressFile, `${now}\n`).catch(() => undefined);
}
