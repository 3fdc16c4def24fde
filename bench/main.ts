// `npm run bench`: prints tables and writes them to bench/results/. `-- storm 200 1 30` runs one part, one round trip, these sizes;
// `-- storm 200 1 30 --against FOLDER` beside another checkout, built there: the same storms and the start of the command.
import { parseArgs } from 'node:util';
import { mkdir, writeFile } from 'node:fs/promises';
import { planning } from './planning.ts';
import { relayCost } from './relay.ts';
import { reloading } from './reload.ts';
import { storm, type StormRow } from './storm.ts';
import { enterUntilVisitor, type VisitorRow } from './visitor.ts';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { against: { type: 'string' } } });
const [part, roundTrip, ...processes] = positionals;
const roundTrips = roundTrip ? [Number(roundTrip)] : [0, 50, 200];
const sizes = processes.length > 0 ? processes.map(Number) : [1, 10, 30, 100, 200];

await mkdir('bench/results', { recursive: true });
if (!part || part === 'planning') await keep('planning', [planning(100, 1), planning(1000, 1), planning(1000, 200)]);
if (!part || part === 'storm') {
  const rows: StormRow[] = [];
  for (const rtt of roundTrips)
    for (const size of sizes) {
      const more = await storm(rtt, size, values.against);
      console.table(more, ['roundTrip', 'processes', 'what', 'succeeded', 'apiCalls', 'median', 'slowest']);
      for (const { what, errors } of more) if (errors) console.log(`${what}: ${errors}`);
      rows.push(...more);
    }
  console.log(ratios(rows).join('\n'));
  await keep('storm', rows);
}

if (!part || part === 'visitor') {
  const rows: VisitorRow[] = [];
  for (const rtt of roundTrips) rows.push(await enterUntilVisitor(rtt, 5));
  await keep('visitor', rows);
}
if (!part || part === 'relay') await keep('relay', await relayCost(process.env['VITE_FOLDER']));
if (!part || part === 'reload') await keep('reload', await reloading());

async function keep(name: string, rows: readonly object[]): Promise<void> {
  if (name !== 'storm') console.table(rows);
  await writeFile(`bench/results/${name}.json`, `${JSON.stringify(rows, undefined, 1)}\n`);
}

/** Compares each storm with the machine's own share: empty processes of the same run. */
function ratios(rows: readonly StormRow[]): string[] {
  const slowest = (like: StormRow, what: string, processes = like.processes) =>
    rows.find((row) => row.roundTrip === like.roundTrip && row.processes === processes && row.what === what)?.slowest ??
    Number.NaN;
  return rows
    .filter((row) => row.what === 'classroom-tunnel: publish')
    .map((row) => {
      const machine = slowest(row, 'empty node process');
      const single = slowest(row, row.what, 1);
      const times = ((row.slowest - machine) / (single - slowest(row, 'empty node process', 1))).toFixed(2);
      return `${row.roundTrip} ms, ${row.processes} at once: slowest ${row.slowest} ms, of which the machine's share ${machine} ms; without it ${times} times the single one; ${row.apiCalls} calls`;
    });
}
