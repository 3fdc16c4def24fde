// Keeps log lines until the lock is released: the reader of the log may be slow, and must not prolong the time under the lock.

export class DelayedLog {
  readonly #log: (line: string) => void;
  #lines: string[] = [];

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  readonly add = (line: string): void => {
    this.#lines.push(line);
  };

  /** Call it without holding the lock. */
  flush(): void {
    const lines = this.#lines;
    this.#lines = [];
    for (const line of lines) this.#log(line);
  }
}
