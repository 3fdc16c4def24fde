// Progress of the lock holder, shared through the time of a file, so that waiting processes know when to give up.
import { FixableError } from './errors.ts';
import type { StateFolder } from './stateFolder.ts';

const file = ['records', 'progress'] as const;

/** When the lock holder last made progress: milliseconds since 1970; 0 if it never did. */
export function lastProgress(folder: StateFolder): number {
  return folder.timeOf(...file);
}

/** Tells the waiting processes that the lock holder made progress. */
export async function noteProgress(folder: StateFolder, now: number): Promise<void> {
  // The file is replaced, because only a file's owner may set its time and the previous holder may be another account.
  await folder.write(file, `${now}\n`).catch(() => undefined);
}

/** A timeout that starts again whenever the lock holder makes progress. */
export class ProgressTimeout {
  readonly #folder: StateFolder;
  readonly #limit: number;
  #progress: number;
  #since: number;

  /**
   * @param limit milliseconds without progress
   * @param now milliseconds since 1970
   */
  constructor(folder: StateFolder, limit: number, now: number) {
    this.#folder = folder;
    this.#limit = limit;
    this.#progress = lastProgress(folder);
    this.#since = now;
  }

  /**
   * @param isPaused time under a rate limit does not count
   * @throws FixableError `busy`
   */
  check(now: number, isPaused = false): void {
    const progress = lastProgress(this.#folder);
    if (isPaused || progress !== this.#progress) this.#since = now;
    this.#progress = progress;
    if (now - this.#since > this.#limit) throw new FixableError('busy', { seconds: Math.round(this.#limit / 1000) });
  }
}
