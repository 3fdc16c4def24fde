/** The result of a run over many cases, for a person to read. */

export interface Tally {
  runs: number;
  /** For each run that was live: seconds from the typed command to the live site. */
  readonly seconds: number[];
}

const median = (values: readonly number[]): number | undefined =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

/** Prints one line for each case that was run: how often it was live, and the median of the seconds that it took. */
export function printTable(tallies: ReadonlyMap<string, Tally>): void {
  const lines = [...tallies].map(([title, { runs, seconds }]) => {
    const figure = median(seconds)?.toFixed(1) ?? '-';
    return `live ${String(seconds.length).padStart(2)} of ${runs}  ${figure.padStart(5)} s  ${title}`;
  });
  console.log(['', ...lines, ''].join('\n'));
}
