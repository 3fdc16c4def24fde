// A clock that stands still until a test moves it.
import type { Clock } from '../../standin/clock.ts';

export interface ManualClock extends Clock {
  /** Moves the time forward, and runs what is due on the way, in order. */
  advance: (milliseconds: number) => void;
}

/** @param start in milliseconds since 1970 */
export function createManualClock(start = Date.parse('2026-01-01T08:00:00Z')): ManualClock {
  let time = start;
  const pending = new Set<{ at: number; action: () => void }>();
  const next = () => [...pending].sort((a, b) => a.at - b.at)[0];
  return {
    now: () => time,
    after: (milliseconds, action) => {
      const timer = { at: time + milliseconds, action };
      pending.add(timer);
      return () => void pending.delete(timer);
    },
    advance: (milliseconds) => {
      const end = time + milliseconds;
      for (let timer = next(); timer && timer.at <= end; timer = next()) {
        pending.delete(timer);
        time = timer.at;
        timer.action();
      }
      time = end;
    },
  };
}
