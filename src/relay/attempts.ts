// Limits how often visitors of a site may try a passphrase. Pure.

/** Wrong attempts without a pause. */
const freeAttempts = 5;
/** Milliseconds: the first pause, which doubles up to the longest; and the time after which wrong attempts are forgotten. */
const pauses = { first: 2_000, longest: 60_000, forgotten: 600_000 } as const;

export class Attempts {
  #wrong = 0;
  #last = 0;
  #until = 0;

  /** Milliseconds until the next attempt is allowed; 0 if it is now. @param now milliseconds */
  wait(now: number): number {
    if (now - this.#last > pauses.forgotten) this.#wrong = 0;
    return Math.max(0, this.#until - now);
  }

  /** Counts a wrong attempt. */
  addWrong(now: number): void {
    this.#wrong += 1;
    this.#last = now;
    const doubled = pauses.first * 2 ** (this.#wrong - freeAttempts);
    if (this.#wrong >= freeAttempts) this.#until = now + Math.min(doubled, pauses.longest);
  }
}
