// The edge's cache: it copies answers that stream through, and serves the copies while they are fresh.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { decide, isCacheable } from './cachePolicy.ts';

/** Larger answers pass through uncached. In bytes. */
const largestEntry = 16 * 1024 * 1024;
/** The max-age for browsers where the origin says nothing; Cloudflare's default, in seconds. */
const browserTtl = 14_400;
const perConnection = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'trailer',
  'upgrade',
]);

interface Entry {
  status: number;
  headers: OutgoingHttpHeaders;
  body: Buffer;
  storedAt: number;
  expiresAt: number;
}

export class EdgeCache {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Removes every entry, as "Purge everything" in the dashboard does. */
  purge(): void {
    this.#entries.clear();
  }

  /** Answers from the cache; returns false if the origin has to be asked. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (!isCacheable(request.method ?? 'GET', request.url ?? '/')) return false;
    const entry = this.#entries.get(keyOf(request));
    if (!entry || entry.expiresAt <= this.#now()) return false;
    const age = Math.floor((this.#now() - entry.storedAt) / 1000);
    response.writeHead(entry.status, {
      ...entry.headers,
      'content-length': entry.body.length,
      age: String(age),
      'cf-cache-status': 'HIT',
    });
    response.end(request.method === 'HEAD' ? undefined : entry.body);
    return true;
  }

  /** Marks an origin's answer before it streams to the visitor, and keeps a copy if the rules say so. */
  observe(request: IncomingMessage, answer: IncomingMessage): void {
    const { headers, statusCode: status = 0 } = answer;
    const cacheable = isCacheable(request.method ?? 'GET', request.url ?? '/');
    const decision = cacheable ? decide(request.headers, status, headers, this.#now()) : undefined;
    const known = this.#entries.has(keyOf(request));
    headers['cf-cache-status'] = decision?.status === 'MISS' && known ? 'EXPIRED' : (decision?.status ?? 'DYNAMIC');
    delete headers['cloudflare-cdn-cache-control']; // meant for this edge alone
    if (!decision || decision.ttlSeconds === 0) return;
    if (decision.byDefault) headers['cache-control'] = `max-age=${browserTtl}`;
    if (request.method === 'GET' && status !== 206 && status !== 304)
      this.#keep(keyOf(request), answer, decision.ttlSeconds);
  }

  #keep(key: string, answer: IncomingMessage, ttlSeconds: number): void {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= largestEntry) chunks.push(chunk);
      else chunks.length = 0;
    });
    answer.on('end', () => {
      if (!answer.complete || size > largestEntry) return;
      const storedAt = this.#now();
      const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !perConnection.has(name)));
      this.#entries.set(key, {
        status: answer.statusCode ?? 200,
        headers,
        body: Buffer.concat(chunks),
        storedAt,
        expiresAt: storedAt + ttlSeconds * 1000,
      });
    });
  }
}

/** The encoding is part of the key, because a copy is sent with the encoding it came in. */
function keyOf({ headers, url }: IncomingMessage): string {
  return [headers.host?.toLowerCase(), url, headers['accept-encoding']].join(' ');
}
