// Keeps a silent WebSocket open: Cloudflare's edge cuts one that carries nothing for about 100 s, and not every server pings.
import type { Duplex } from 'node:stream';

export interface Timer {
  /** Starts it from the beginning. */
  refresh(): void;
  cancel(): void;
}

/** Calls back each time that so many milliseconds have passed since the start or the last `refresh()`. */
export type StartTimer = (callback: () => void, milliseconds: number) => Timer;

export const startTimer: StartTimer = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds);
  timer.unref();
  return { refresh: () => void timer.refresh(), cancel: () => clearTimeout(timer) };
};

/** Milliseconds. */
export const silence = 50_000;

const emptyPing = Buffer.from([0x89, 0]);

/** Sends the visitor a ping when neither side has sent anything for a while. Call it when the WebSocket is opened. */
export function pingWhenSilent(visitor: Duplex, server: Duplex, start: StartTimer): void {
  const frames = new FrameReader();
  const timer = start(() => {
    if (frames.isAtBoundary && visitor.writable) visitor.write(emptyPing);
    timer.refresh();
  }, silence);
  server.on('data', (chunk: Buffer) => {
    frames.read(chunk);
    timer.refresh();
  });
  visitor.on('data', () => timer.refresh());
  visitor.once('close', () => timer.cancel());
}

const closeOpcode = 8;

/** Follows the frames of one direction (RFC 6455, section 5.2) to know where a frame of one's own may be inserted. */
export class FrameReader {
  #header: number[] = [];
  /** Bytes of the current frame that are still to come. */
  #payload = 0;
  #closed = false;

  /** Between two frames, and not after a close frame. */
  get isAtBoundary(): boolean {
    return this.#header.length === 0 && this.#payload === 0 && !this.#closed;
  }

  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#payload > 0) {
        const skipped = Math.min(this.#payload, chunk.length - at);
        this.#payload -= skipped;
        at += skipped;
      } else {
        this.#header.push(chunk[at] ?? 0);
        at += 1;
        this.#finishHeader();
      }
    }
  }

  #finishHeader(): void {
    const [first = 0, second] = this.#header;
    if (second === undefined) return;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskBytes = second & 0x80 ? 4 : 0;
    if (this.#header.length < 2 + lengthBytes + maskBytes) return;
    const long = this.#header.slice(2, 2 + lengthBytes).reduce((length, byte) => length * 256 + byte, 0);
    this.#payload = lengthBytes === 0 ? short : long;
    if ((first & 0x0f) === closeOpcode) this.#closed = true;
    this.#header = [];
  }
}
