// mocha's own report, and its counts in a file: `npm test` adds up several runs of mocha.
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

/** One line of the file. */
export interface Counts {
  readonly passes: number;
  readonly failures: number;
  /** The whole title of each test that failed, and the first line of why. */
  readonly failed: readonly string[];
  /** The whole title of each test that was skipped, with its reason (see fixtures/skip.ts). */
  readonly skipped: readonly string[];
}

const { EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants;

export default class SpecWithCounts extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const failed: string[] = [];
    const skipped: string[] = [];
    runner.on(EVENT_TEST_FAIL, (test: Mocha.Runnable, error: Error) => {
      failed.push(`${test.fullTitle()}: ${error.message.split('\n', 1)[0] ?? ''}`);
    });
    runner.on(EVENT_TEST_PENDING, (test: Mocha.Runnable) => skipped.push(test.fullTitle()));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      const counts: Counts = { passes, failures, failed, skipped };
      const file = process.env.MOCHA_COUNTS;
      if (file) appendFileSync(file, `${JSON.stringify(counts)}\n`);
    });
  }
}
