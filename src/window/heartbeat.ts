// Finds out whether the window still answers. After a browser crash or a lost network, a round trip stays pending.

export interface HeartbeatOptions {
  /** A round trip to the window. */
  readonly ping: () => Thenable<unknown>;
  /** Called at each beat without an answer, with the seconds since the last one. */
  readonly onSilent: (seconds: number) => void;
  /** A window that was silent answers again. */
  readonly onAnswer: () => void;
}

/** Seconds between two beats: 20, or less if the limit is short. A silent window is noticed within two beats. */
export function beatSeconds(limitSeconds: number): number {
  return Math.min(20, Math.max(1, limitSeconds / 4));
}

/** Beats only between start() and stop(). A pending round trip is still awaited after stop(); that needs no timer. */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  #pending = false;
  /** Beats since the round trip began. Time is counted in beats because a clock may jump and a machine may sleep. */
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
    // A rejection is an answer too.
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
