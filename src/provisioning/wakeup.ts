// Wakes a waiting process when its outcome appears, when the lock changes, and at intervals.
import { watch, type FSWatcher } from 'node:fs';
import { lockFolder } from './lock.ts';
import { queueFolder } from './queue.ts';
import type { StateFolder } from './stateFolder.ts';

/** Milliseconds between two checks of a lone process. Each further queued request makes every process check less often. */
const intervals = { watched: 500, unwatched: 100, perRequest: 5 } as const;

/**
 * Waits for file system events. They are not enough: a lock holder's death causes none, nor does a change made on another host that
 * shares the folder. So each wait ends after an interval too.
 */
export class Wakeup {
  readonly #folder: StateFolder;
  readonly #watchers: FSWatcher[] = [];
  #wake: () => void = () => undefined;
  #isWoken = false;
  #interval: number = intervals.watched;
  #watchesLock = false;

  /** @param id the request whose outcome wakes; undefined for a process without one */
  constructor(folder: StateFolder, id?: string) {
    this.#folder = folder;
    if (id !== undefined) this.#watch(folder.in(queueFolder, id));
  }

  /** Lets changes of the lock wake too. Only for contenders: waking every waiting process would slow the lock holder down. */
  watchLock(): void {
    if (this.#watchesLock) return;
    this.#watchesLock = true;
    this.#watch(this.#folder.in(lockFolder));
  }

  /**
   * Waits for the next event, for the interval or until `stop` is aborted.
   * @param queued how many requests are queued
   * @returns whether the interval passed
   */
  async next(stop: AbortSignal, queued = 0): Promise<boolean> {
    return this.pause(stop, this.#interval + queued * intervals.perRequest);
  }

  /**
   * Waits for the next event, for `milliseconds` or until `stop` is aborted.
   * @returns whether the time passed
   */
  async pause(stop: AbortSignal, milliseconds: number): Promise<boolean> {
    let isTimeUp = false;
    if (!this.#isWoken && !stop.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          isTimeUp = true;
          resolve();
        }, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        stop.addEventListener('abort', this.#wake, { once: true });
      });
      stop.removeEventListener('abort', this.#wake);
    }
    this.#isWoken = false;
    return isTimeUp;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): void {
    // The kernel limits the watches of one account. Without one, check more often.
    const checkMoreOften = () => {
      this.#interval = intervals.unwatched;
    };
    try {
      const watcher = watch(folder, () => {
        this.#isWoken = true;
        this.#wake();
      });
      watcher.on('error', checkMoreOften);
      this.#watchers.push(watcher);
    } catch {
      checkMoreOften();
    }
  }
}
