import { Figures } from './counters.ts';
import type { StateFolder } from './stateFolder.ts';

/**
 * How many calls may be made: `most` at once, and `perSecond` more with time. In any five minutes that makes 950 at most, of the
 * 1,200 after which Cloudflare blocks the token for everybody (FACTS: Cloudflare's API limits); the dashboard counts too.
 * A round begins once `forRound` are left: it takes four, and twice that where something has to be settled.
 */
export const limits = { most: 500, perSecond: 1.5, forRound: 8 } as const;

/** What was left, and when (milliseconds since 1970). */
export interface Level {
  readonly calls: number;
  readonly at: number;
}

/** What is left now. Pure. A time that is still to come tells nothing: the clock was set back. */
export function levelAt(now: number, last: Level | undefined): number {
  if (!last || last.at > now) return limits.most;
  return Math.min(limits.most, last.calls + ((now - last.at) / 1000) * limits.perSecond);
}

/** The calls of all processes of the class: nothing that they do, however often, can bring the token to Cloudflare's limit. */
export class Budget {
  private readonly level: Figures<keyof Level>;

  constructor(folder: StateFolder) {
    this.level = new Figures(folder, ['records', 'budget.json'], ['calls', 'at']);
  }

  /** Milliseconds until a round may begin. */
  async remaining(now: number): Promise<number> {
    return Math.max(0, (limits.forRound - levelAt(now, await this.level.load())) / limits.perSecond) * 1000;
  }

  /** To be called under the lock. */
  async spend(now: number, calls: number): Promise<void> {
    if (calls > 0) await this.level.save({ calls: levelAt(now, await this.level.load()) - calls, at: now });
  }
}
