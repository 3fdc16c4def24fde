// Measures the relay beside a direct way to the same server, in turns: speed, delay, memory, WebSockets, streams.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRelay } from '../src/relay/relayProcess.ts';
import type { RelayProcess } from '../src/relay/relayProcess.ts';
import { loadPages } from './relay/browser.ts';
import { clientOf, median, memoryOf } from './relay/measure.ts';
import type { Client } from './relay/measure.ts';
import { startNginx, type Nginx } from './relay/nginx.ts';
import { startSite, writeModules } from './relay/sites.ts';

export interface RelayRow {
  what: string;
  direct?: number;
  relay: number;
  /** Where one is on the PATH. */
  nginx?: number;
  /** A node that does nothing: the floor of the relay's memory. */
  emptyNode?: number;
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
  let nginx: Nginx | undefined;
  try {
    const plain = await startSite(started, [process.execPath, 'bench/relay/site.mjs']);
    nginx = await startNginx(folder, plain);
    const rows = await atRest(started, relay, nginx);
    const ways = reach(relay, socket, plain, nginx);
    rows.push(await requestsPerSecond(ways));
    rows.push(...(await delay(ways)), await pages('500 modules, from a server that does nothing else', ways));
    rows.push(...(await manyWebSockets(ways, relay)), ...(await streams(ways, relay)));
    if (vite !== undefined) {
      await writeModules(folder, PATHS);
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
    await Promise.all([relay.exited, nginx?.end()]);
    await rm(folder, { recursive: true });
  }
}

interface Ways {
  direct: Client;
  relay: Client;
  nginx?: Client;
}

function judged(row: RelayRow): RelayRow {
  const limit = Number(/[\d.]+/.exec(row.wanted ?? '')?.[0]);
  if (Number.isNaN(limit)) return row;
  if (row.wanted === AT_LEAST) return { ...row, kept: (row.direct ?? 0) / row.relay >= limit / 100 };
  return { ...row, kept: row.relay - (row.direct ?? 0) <= limit };
}

/** Both lead to the same port, under the name that the server knows. */
function reach(relay: RelayProcess, socketPath: string, port: number, nginx?: Nginx): Ways {
  relay.setTarget({ port, address: '127.0.0.1' });
  return {
    direct: clientOf({ host: '127.0.0.1', port }, `localhost:${port}`),
    relay: clientOf({ socketPath }, HOST),
    ...(nginx && { nginx: clientOf({ socketPath: nginx.socketPath }, HOST) }),
  };
}

/** The code of node is one copy in the machine's memory, however many relays run: what each adds is its own. */
async function atRest(started: ChildProcess[], relay: RelayProcess, nginx: Nginx | undefined): Promise<RelayRow[]> {
  const empty = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => undefined, 1e9)']);
  started.push(empty);
  await once(empty.stdout, 'data');
  const [own, floor] = [await memoryOf(relay.pid), await memoryOf(empty.pid ?? 0)];
  const unit = 'MB';
  return [
    {
      what: 'memory at rest',
      relay: own.now,
      ...(nginx && { nginx: await nginx.memory() }),
      ...{ emptyNode: floor.now, unit, wanted: 'at most 60 MB' },
    },
    { what: 'of it its own, not shared', relay: own.own, emptyNode: floor.own, unit },
  ];
}

/** Takes turns, as `pages` does. */
async function requestsPerSecond(ways: Ways): Promise<RelayRow> {
  const times: Record<keyof Ways, number[]> = { direct: [], relay: [], nginx: [] };
  for (let round = -3; round < ROUNDS; round += 1)
    for (const way of ['direct', 'relay', 'nginx'] as const) {
      const time = await ways[way]?.page(PATHS);
      if (time !== undefined && round >= 0) times[way].push(time);
    }
  const rate = (way: keyof Ways): number => Math.round((PATHS.length / median(times[way])) * 1000);
  return {
    what: 'requests, 32 at a time',
    direct: rate('direct'),
    relay: rate('relay'),
    ...(ways.nginx && { nginx: rate('nginx') }),
    unit: 'a second',
  };
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
