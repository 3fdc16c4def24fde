import { firstMinutes, titleOf } from './firstMinute/cases.ts';
import { firstMinute } from './firstMinute/minute.ts';
import { printTable, type Tally } from './firstMinute/table.ts';

/** `npm test -- minutesOften` runs every case this often, unless FIRST_MINUTE_REPETITIONS gives another number. */
const PROMISED = 20;
const { STRESS, FIRST_MINUTE_ALL, FIRST_MINUTE_REPETITIONS = PROMISED } = process.env;
const repetitions = STRESS === undefined ? 1 : Number(FIRST_MINUTE_REPETITIONS);
const chosen = firstMinutes.filter(({ always }) => always || (STRESS ?? FIRST_MINUTE_ALL) !== undefined);

describe("a new student's first minute ends with a live site", () => {
  const tallies = new Map<string, Tally>();

  for (const one of chosen) {
    const title = titleOf(one);
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      it(repetitions === 1 ? title : `${title} (${repetition} of ${repetitions})`, async () => {
        const tally = tallies.get(title) ?? { runs: 0, seconds: [] };
        tallies.set(title, tally);
        tally.runs += 1;
        tally.seconds.push(await firstMinute(one, `first minute ${title}`));
      });
    }
  }

  after(() => printTable(tallies));
});
