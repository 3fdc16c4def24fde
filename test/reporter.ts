/** mocha's own report, and what came of it in a file: the last lines of `npm test` are the sum over several runs of mocha. */
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

/** One line of the file. */
export interface Counts {
  readonly passes: number;
  readonly failures: number;
  /** The whole title of each test that failed, and the first line of why. */
  readonly failed: readonly string[];
}

export default class SpecWithCounts extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const failed: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test: Mocha.Runnable, error: Error) => {
      failed.push(`${test.fullTitle()}: ${error.message.split('\n', 1)[0] ?? ''}`);
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      const file = process.env.MOCHA_COUNTS;
      if (file) appendFileSync(file, `${JSON.stringify({ passes, failures, failed } satisfies Counts)}\n`);
    });
  }
}
