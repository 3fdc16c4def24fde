/** The result of a run over all cases, for a person to read. */

const median = (values: readonly number[]): number | undefined =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

/**
 * Prints one line for each case: how often it was live, and the median of the seconds that it took.
 * @param results seconds from the typed command to the live site, by the title of the case; one that was not live has none
 */
export function printTable(results: ReadonlyMap<string, readonly number[]>, repetitions: number): void {
  const lines = [...results].map(([title, seconds]) => {
    const figure = median(seconds)?.toFixed(1) ?? '-';
    return `live ${String(seconds.length).padStart(2)} of ${repetitions}  ${figure.padStart(5)} s  ${title}`;
  });
  console.log([`\n${results.size} cases, ${repetitions} times each:`, ...lines, ''].join('\n'));
}
