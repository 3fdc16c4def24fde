// Measures what a student waits for: from Enter until a visitor gets the page through the edge, with the push to the connector.
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { randomPushDelay } from '../standin/connector/pushDelay.ts';
import { closeAll, startClassroom } from '../test/fixtures/provisioning/classroom.ts';
import { median } from './runTogether.ts';

/** Times in milliseconds. */
export interface VisitorRow {
  readonly what: string;
  /** Of each API call. */
  readonly roundTrip: number;
  readonly times: number;
  readonly fastest: number;
  readonly median: number;
  readonly slowest: number;
}

const site = fileURLToPath(new URL('relay/site.mjs', import.meta.url));

/** Starts a server with `classroom-tunnel run` so many times, each in a class of its own. */
export async function enterUntilVisitor(roundTrip: number, times: number): Promise<VisitorRow> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push(await measureOnce(roundTrip, time));
  return {
    what: 'Enter until a visitor gets the page, push included',
    ...{ roundTrip, times, fastest: Math.min(...taken), median: median(taken), slowest: Math.max(...taken) },
  };
}

async function measureOnce(roundTripMs: number, seed: number): Promise<number> {
  const classroom = await startClassroom({
    standIn: { zoneName: 'localhost', roundTripMs, pushDelayMs: randomPushDelay(seed) },
    config: { hostname: '{user}.localhost', ports: { student1: 23_456 } },
  });
  try {
    const { standIn } = classroom;
    classroom.configure({ publicUrl: `http://{hostname}:${standIn.edgePort}` });
    const began = performance.now();
    const { child, ended } = classroom.launch(['run', process.execPath, site]);
    const failed = ended.then(({ err }) => Promise.reject(new Error(err)));
    await Promise.race([failed, untilVisited(standIn.edgePort)]);
    const taken = Math.round(performance.now() - began);
    failed.catch(() => undefined);
    child.kill('SIGTERM');
    await ended;
    return taken;
  } finally {
    await closeAll();
  }
}

/** Asks until the page is there: the edge tells nobody when a site is live. */
async function untilVisited(port: number): Promise<void> {
  while ((await statusOf(port)) !== 200) await pause(20);
}

/** The status that a visitor gets. */
async function statusOf(port: number): Promise<number | undefined> {
  const headers = { host: `student1.localhost:${port}` };
  const sent = request({ host: '127.0.0.1', port, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
