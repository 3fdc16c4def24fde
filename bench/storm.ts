import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { StandIn } from '../standin/standIn.ts';
import { median, runTogether, type Run } from './runTogether.ts';

/** One line of the table. Times in milliseconds, from the moment the processes are started. */
export interface StormRow {
  readonly roundTrip: number;
  readonly processes: number;
  readonly what: string;
  readonly succeeded: number;
  readonly apiCalls: number;
  readonly median: number;
  readonly slowest: number;
  /** The last lines of the failed processes, each once. */
  readonly errors: string;
}

type Api = Pick<StandIn, 'accountId' | 'tunnelId' | 'zoneId' | 'apiUrl' | 'connectorUrl' | 'token'>;
interface BenchClass {
  readonly api: Api;
  readonly process: ChildProcess;
  readonly folder: string;
  readonly configFile: string;
}

/**
 * Publishes and releases with `processes` real processes at once, beside a naive script and beside empty processes.
 * @param against the folder of another checkout, whose command is measured too
 */
export async function storm(roundTrip: number, processes: number, against?: string): Promise<StormRow[]> {
  const rows: StormRow[] = [];
  const row = (what: string, runs: readonly Run[], apiCalls: number) => {
    const times = runs.map((run) => run.milliseconds);
    rows.push({
      roundTrip,
      processes,
      what,
      succeeded: runs.filter((run) => run.code === 0).length,
      apiCalls,
      median: median(times),
      slowest: Math.max(...times),
      errors: lastLines(runs),
    });
  };
  row('empty node process', await runTogether(processes, () => ({ args: ['-e', '0'], env: {} })), 0);
  const commands = [
    { name: 'classroom-tunnel', program: 'dist/cli.js' },
    ...(against === undefined ? [] : [{ name: `the one in ${against}`, program: path.join(against, 'dist/cli.js') }]),
  ];
  for (const { name, program } of commands)
    row(`${name}: start`, await runTogether(processes, () => ({ args: [program, '--version'], env: {} })), 0);
  const ways = commands.map(({ name, program }) => ({ name, processOf: commandOf(program) }));
  for (const { name, processOf } of [...ways, { name: 'lock and four calls', processOf: naive }]) {
    const bench = await open(roundTrip);
    try {
      for (const action of ['publish', 'release'] as const) {
        const runs = await runTogether(processes, (index) => processOf(bench, action, index));
        row(`${name}: ${action}`, runs, (await ask<{ apiCalls: number }>(bench.process)).apiCalls);
      }
    } finally {
      bench.process.disconnect();
      await once(bench.process, 'exit');
      await rm(bench.folder, { recursive: true });
    }
  }
  return rows;
}

function lastLines(runs: readonly Run[]): string {
  return [
    ...new Set(
      runs.filter(({ code }) => code !== 0).map(({ code, errors }) => `${code}: ${errors.trim().split('\n').at(-1)}`),
    ),
  ].join('; ');
}

function commandOf(program: string) {
  return ({ configFile }: BenchClass, action: 'publish' | 'release', index: number) => {
    const port = ['-p', String(3000 + index)];
    const args = [...(action === 'publish' ? ['publish', ...port] : ['release']), '--holder', `bench-${index}`];
    return {
      args: [program, ...args],
      env: { CLASSROOM_TUNNEL_CONFIG: configFile, CLASSROOM_TUNNEL_USER: `student${index}` },
    };
  };
}

function naive({ api, folder }: BenchClass, action: 'publish' | 'release', index: number) {
  const { apiUrl, accountId, tunnelId, zoneId, token } = api;
  return {
    args: ['bench/naive.mjs'],
    env: {
      API: apiUrl,
      ACCOUNT: accountId,
      TUNNEL: tunnelId,
      ZONE: zoneId,
      TOKEN: token,
      LOCK: path.join(folder, 'lock'),
      ACTION: action,
      HOSTNAME: `student${index}.localhost`,
      PORT: String(3000 + index),
    },
  };
}

async function open(roundTripMs: number): Promise<BenchClass> {
  const child = fork('bench/standInProcess.ts', [String(roundTripMs)], { execArgv: ['--import', 'tsx'] });
  const api = await message<Api>(child);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'classroom-tunnel-bench-'));
  const { accountId, tunnelId, zoneId, apiUrl, connectorUrl, token } = api;
  const configFile = path.join(folder, 'config.json');
  await writeFile(path.join(folder, 'token'), token, { mode: 0o600 });
  await writeFile(
    configFile,
    JSON.stringify({
      accountId,
      tunnelId,
      zoneId,
      apiBaseUrl: apiUrl,
      connectorUrl,
      hostname: '{user}.localhost',
      tokenFile: 'token',
      stateDir: 'state',
      allowUserOverride: true,
    }),
  );
  return { api, process: child, folder, configFile };
}

async function ask<T>(child: ChildProcess): Promise<T> {
  child.send('how many calls?');
  return message<T>(child);
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [answer] = (await once(child, 'message')) as [T];
  return answer;
}
