// The time that the stand-in lives in. Tests pass a clock of their own and move it by hand.

export interface Clock {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Calls `action` once after a delay in milliseconds; returns the function that cancels it. */
  after: (milliseconds: number, action: () => void) => () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
