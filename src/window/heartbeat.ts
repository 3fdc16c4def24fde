// Is the window still there? A crashed browser or a lost network shows in one way only: a round trip stays pending.

export interface HeartbeatOptions {
  /** A round trip to the window. */
  readonly ping: () => Thenable<unknown>;
  /** The window has not answered for so many seconds; called at each beat while that lasts. */
  readonly onSilent: (seconds: number) => void;
  /** A window that was silent answers again. */
  readonly onAnswer: () => void;
}

/** Seconds between two beats: 20, or less where the limit is short. Two beats without an answer are noticed: within a minute. */
export function beatSeconds(limitSeconds: number): number {
  return Math.min(20, Math.max(1, limitSeconds / 4));
}

/** Beats only between start() and stop(). A round trip that is still out then is awaited all the same: that wakes nothing up. */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  #pending = false;
  /** Beats since the round trip began; counted, as a clock may jump and a machine may sleep. */
  #missed = 0;
  readonly #options: HeartbeatOptions;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** @param seconds between two beats */
  start(seconds: number): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#beat(seconds), seconds * 1000);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(seconds: number): void {
    if (this.#pending) {
      this.#missed += 1;
      this.#options.onSilent(this.#missed * seconds);
      return;
    }
    this.#pending = true;
    // A refusal is an answer too.
    this.#options.ping().then(
      () => this.#answered(),
      () => this.#answered(),
    );
  }

  #answered(): void {
    const wasSilent = this.#missed > 0;
    this.#pending = false;
    this.#missed = 0;
    if (wasSilent) this.#options.onAnswer();
  }
}
