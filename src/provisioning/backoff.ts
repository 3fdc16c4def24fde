import { Budget } from './tokenBucket.ts';
import { MendableError } from './errors.ts';
import type { StateFolder } from './stateFolder.ts';

const file = ['records', 'pause.json'] as const;

/**
 * The time until which nobody may call Cloudflare: one process learns of a rate limit, and all keep to it. Our own budget of calls
 * is there so that it never comes to that; while it is used up, nobody may call either.
 */
export class Pause {
  private readonly budget: Budget;

  constructor(private readonly folder: StateFolder) {
    this.budget = new Budget(folder);
  }

  /** Milliseconds that are left of it, 0 if there is none. */
  async remaining(now: number): Promise<number> {
    const text = await this.folder.read(...file);
    const until = text === undefined ? 0 : Number.parseInt(text, 10);
    return Math.max(Number.isFinite(until) ? until - now : 0, await this.budget.remaining(now));
  }

  /** Notes what a round has called. To be called under the lock. */
  async spend(now: number, calls: number): Promise<void> {
    await this.budget.spend(now, calls);
  }

  /** Shares what a call was told. An error of our own, made while a pause runs, changes nothing. */
  async note(now: number, error: MendableError): Promise<void> {
    const seconds = error.facts['seconds'];
    if (error.facts['until'] !== undefined || typeof seconds !== 'number') return;
    await this.folder.write(file, `${now + seconds * 1000}\n`);
  }

  error(now: number, remaining: number): MendableError {
    return new MendableError('rate-limited', {
      seconds: Math.ceil(remaining / 1000),
      until: new Date(now + remaining).toTimeString().slice(0, 8),
    });
  }
}
