// Cloudflare's limits on what passes the edge: https://developers.cloudflare.com/fundamentals/reference/connection-limits/
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';

export interface EdgeLimits {
  /** The largest request body in bytes; a larger one is answered 413. */
  bodyBytes: number;
  /** A WebSocket that carries nothing for this long is cut. In milliseconds. */
  idleSocketMs: number;
}

/** The limits of a free plan. */
export const cloudflareLimits: EdgeLimits = { bodyBytes: 100 * 1024 * 1024, idleSocketMs: 100_000 };

/** Whether a request announces a body over the limit. */
export function announcesTooMuch({ headers }: IncomingMessage, limits: EdgeLimits): boolean {
  return Number(headers['content-length'] ?? 0) > limits.bodyBytes;
}

/** Calls `refuse` once more of a body came than the limit allows. The request must be read by someone else too. */
export function watchBody(request: IncomingMessage, limits: EdgeLimits, refuse: () => void): void {
  let size = 0;
  const count = (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limits.bodyBytes) return;
    request.off('data', count);
    refuse();
  };
  request.on('data', count);
}

/** Destroys both ends of a WebSocket when neither has sent anything for the limit's time. */
export function cutWhenIdle(ends: readonly [Duplex, Duplex], limits: EdgeLimits, clock: Clock): void {
  let cancel = () => {};
  const restart = () => {
    cancel();
    cancel = clock.after(limits.idleSocketMs, () => {
      for (const end of ends) end.destroy();
    });
  };
  for (const end of ends) {
    end.on('data', restart);
    end.once('close', () => cancel());
  }
  restart();
}
