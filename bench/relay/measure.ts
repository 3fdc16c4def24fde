// The measurements of one way to a server, direct or through the relay. Times in milliseconds.
import { Agent, request } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocket } from 'ws';

/** A way to the site: a port, or the relay's socket. */
export type Way = { host: string; port: number } | { socketPath: string };

/** Requests at a time, as cloudflared makes them for one visitor over HTTP/2. */
const AT_ONCE = 32;
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

export interface Client {
  /** Fetches these paths, 32 at once, and returns how long all of them took. */
  page(paths: readonly string[]): Promise<number>;
  /** One request after another; the time of each. */
  oneByOne(path: string, times: number): Promise<number[]>;
  /** Megabytes per second. */
  download(megabytes: number): Promise<number>;
  upload(megabytes: number): Promise<number>;
  /** Opens so many WebSockets, has each echo a message, and keeps them. Returns how long it took and a function that closes them. */
  webSockets(count: number): Promise<{ milliseconds: number; close: () => void }>;
}

export function clientOf(way: Way, host: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const options = (path: string, more: RequestOptions = {}): RequestOptions => ({
    ...way,
    path,
    agent,
    headers: { host },
    ...more,
  });
  const get = async (path: string): Promise<void> => {
    const sent = request(options(path)).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
    response.resume();
    await once(response, 'end');
  };
  return {
    page: async (paths) => {
      const begun = performance.now();
      const queue = [...paths];
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let path = queue.pop(); path !== undefined; path = queue.pop()) await get(path);
        }),
      );
      return performance.now() - begun;
    },
    oneByOne: async (path, times) => {
      const taken: number[] = [];
      for (let round = 0; round < times; round += 1) {
        const begun = performance.now();
        await get(path);
        taken.push(performance.now() - begun);
      }
      return taken;
    },
    download: (megabytes) =>
      perSecond(megabytes, async () => {
        const [response] = (await once(request(options(`/download?megabytes=${megabytes}`)).end(), 'response')) as [
          IncomingMessage,
        ];
        await pipeline(
          response,
          new Writable({
            write: (_chunk, _encoding, done) => {
              done();
            },
          }),
        );
      }),
    upload: (megabytes) =>
      perSecond(megabytes, async () => {
        const sent = request(options('/upload', { method: 'POST' }));
        const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
        await pipeline(
          Readable.from(
            (function* () {
              for (let part = 0; part < megabytes; part += 1) yield MEGABYTE;
            })(),
          ),
          sent,
        );
        (await answered)[0].resume();
      }),
    webSockets: async (count) => {
      const begun = performance.now();
      const base = 'socketPath' in way ? `ws+unix:${way.socketPath}:/` : `ws://${way.host}:${way.port}/`;
      const sockets = Array.from(
        { length: count },
        () => new WebSocket(base, { headers: { host }, perMessageDeflate: false }),
      );
      await Promise.all(
        sockets.map(async (socket) => {
          await once(socket, 'open');
          socket.send('hello');
          await once(socket, 'message');
        }),
      );
      return {
        milliseconds: performance.now() - begun,
        close: () => {
          for (const socket of sockets) socket.terminate();
        },
      };
    },
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A process's memory in MB: now, of that its own (not the code that it shares with others), and at its peak. */
export async function memoryOf(pid: number): Promise<{ now: number; own: number; most: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { now: megabytes('VmRSS'), own: megabytes('RssAnon'), most: megabytes('VmHWM') };
}

async function perSecond(megabytes: number, work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return megabytes / ((performance.now() - begun) / 1000);
}
