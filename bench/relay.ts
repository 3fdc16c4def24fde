// Measures the relay beside a direct way to the same server, in turns: speed, delay, memory, WebSockets, streams.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startRelay } from '../src/relay/relayProcess.ts';
import type { RelayProcess } from '../src/relay/relayProcess.ts';
import { loadPages } from './relay/browser.ts';
import { clientOf, median, memoryOf } from './relay/measure.ts';
import type { Client } from './relay/measure.ts';

export interface RelayRow {
  what: string;
  direct?: number;
  relay: number;
  unit: string;
  /** The requirement, and whether it is met. */
  wanted?: string;
  kept?: boolean;
}

const HOST = 'student1.example.com';
const PATHS = Array.from({ length: 500 }, (_, index) => `/src/m${index}.js`);
const ROUNDS = 15;
const RELAY = 'dist/relay.cjs';
const AT_LEAST = 'at least 70% of direct';

/** @param vite the folder of a `vite` package, for the row of a real dev server; without it those rows are left out, as the browser's is without CHROMIUM */
export async function relayCost(vite?: string): Promise<RelayRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-relay-'));
  const { PATH } = process.env;
  const socket = join(folder, 'relay.sock');
  const relay = await startRelay({
    command: [process.execPath, RELAY],
    socket,
    publicUrl: `https://${HOST}`,
    graceSeconds: 0,
    env: { PATH },
  });
  const started: ChildProcess[] = [];
  try {
    const plain = await startSite(started, [process.execPath, 'bench/relay/site.mjs']);
    const rows = [await atRest(relay)];
    const ways = reach(relay, socket, plain);
    rows.push(...(await delay(ways)), await pages('500 modules, from a server that does nothing else', ways));
    rows.push(...(await manyWebSockets(ways, relay)), ...(await streams(ways, relay)));
    if (vite !== undefined) {
      await writeModules(folder);
      const port = await startSite(
        started,
        [
          process.execPath,
          join(vite, 'bin/vite.js'),
          folder,
          '--host',
          '127.0.0.1',
          '--port',
          '0',
          '--clearScreen',
          'false',
        ],
        /127\.0\.0\.1:(\d+)/,
      );
      rows.push(await pages('500 modules, from Vite', reach(relay, socket, port)), ...(await inBrowser(socket, port)));
    }
    return rows.map(judged);
  } finally {
    for (const child of started) child.kill('SIGKILL');
    relay.end();
    await relay.exited;
    await rm(folder, { recursive: true });
  }
}

interface Ways {
  direct: Client;
  relay: Client;
}

function judged(row: RelayRow): RelayRow {
  const limit = Number(/[\d.]+/.exec(row.wanted ?? '')?.[0]);
  if (Number.isNaN(limit)) return row;
  if (row.wanted === AT_LEAST) return { ...row, kept: (row.direct ?? 0) / row.relay >= limit / 100 };
  return { ...row, kept: row.relay - (row.direct ?? 0) <= limit };
}

/** Both lead to the same port, under the name that the server knows. */
function reach(relay: RelayProcess, socketPath: string, port: number): Ways {
  relay.setTarget({ port, address: '127.0.0.1' });
  return { direct: clientOf({ host: '127.0.0.1', port }, `localhost:${port}`), relay: clientOf({ socketPath }, HOST) };
}

async function atRest(relay: RelayProcess): Promise<RelayRow> {
  return { what: 'memory at rest', relay: (await memoryOf(relay.pid)).now, unit: 'MB', wanted: 'at most 60 MB' };
}

/** Takes turns, so that other load on the machine affects both. */
async function pages(what: string, ways: Ways): Promise<RelayRow> {
  const direct: number[] = [];
  const relayed: number[] = [];
  for (let round = -3; round < ROUNDS; round += 1) {
    const [one, other] = [await ways.direct.page(PATHS), await ways.relay.page(PATHS)];
    if (round < 0) continue; // the first rounds warm both up
    direct.push(one);
    relayed.push(other);
  }
  return { what, direct: rounded(median(direct)), relay: rounded(median(relayed)), unit: 'ms a page' };
}

async function delay(ways: Ways): Promise<RelayRow[]> {
  const direct: number[] = [];
  const relayed: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    direct.push(...(await ways.direct.oneByOne('/src/m0.js', 100)));
    relayed.push(...(await ways.relay.oneByOne('/src/m0.js', 100)));
  }
  return [
    {
      what: 'one request, median',
      direct: rounded(median(direct)),
      relay: rounded(median(relayed)),
      unit: 'ms',
      wanted: 'at most 1 ms more',
    },
  ];
}

async function streams(ways: Ways, relay: RelayProcess): Promise<RelayRow[]> {
  const rows: RelayRow[] = [
    {
      what: 'download of 512 MB',
      direct: Math.round(await ways.direct.download(512)),
      relay: Math.round(await ways.relay.download(512)),
      unit: 'MB/s',
    },
    {
      what: 'upload of 512 MB',
      direct: Math.round(await ways.direct.upload(512)),
      relay: Math.round(await ways.relay.upload(512)),
      unit: 'MB/s',
    },
  ];
  return [...rows, { what: 'memory, the most so far', relay: (await memoryOf(relay.pid)).most, unit: 'MB' }];
}

async function manyWebSockets(ways: Ways, relay: RelayProcess): Promise<RelayRow[]> {
  const direct = await ways.direct.webSockets(1000);
  direct.close();
  const relayed = await ways.relay.webSockets(1000);
  const held = (await memoryOf(relay.pid)).now;
  relayed.close();
  return [
    {
      what: '1,000 WebSockets opened, each with an echo',
      direct: Math.round(direct.milliseconds),
      relay: Math.round(relayed.milliseconds),
      unit: 'ms',
    },
    { what: 'memory while it holds them', relay: held, unit: 'MB' },
  ];
}

/** The time that a visitor waits: a page of 500 modules in a real browser, through the edge, straight to Vite and through the relay. */
async function inBrowser(socket: string, port: number): Promise<RelayRow[]> {
  const chromium = process.env.CHROMIUM;
  if (chromium === undefined) return [];
  const { direct, relay } = await loadPages(chromium, { socket, port, rounds: ROUNDS });
  return [
    {
      what: '500 modules, from Vite, in Chromium through the edge',
      direct: rounded(median(direct)),
      relay: rounded(median(relay)),
      unit: 'ms a page',
      wanted: AT_LEAST,
    },
  ];
}

async function writeModules(folder: string): Promise<void> {
  await mkdir(join(folder, 'src'));
  for (const path of PATHS)
    await writeFile(join(folder, path), `export const words = ${JSON.stringify('word '.repeat(400))};\n`);
  await writeFile(
    join(folder, 'index.html'),
    `<script type="module">${PATHS.map((path) => `import '${path}';`).join('')}</script>`,
  );
}

/** Starts a server and reads its address from its output. */
async function startSite(
  started: ChildProcess[],
  [program = '', ...args]: string[],
  port = /^(\d+)$/,
): Promise<number> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
  });
  started.push(child);
  const lines = createInterface({ input: child.stdout });
  for (;;) {
    const [line] = (await once(lines, 'line')) as [string];
    const found = port.exec(line)?.[1];
    if (found !== undefined) return Number(found);
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

if (process.argv[1] === import.meta.filename) {
  const vite = process.argv[2];
  await access(RELAY);
  const rows = await relayCost(vite);
  console.table(rows);
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/relay.json', `${JSON.stringify(rows, undefined, 1)}\n`);
}
