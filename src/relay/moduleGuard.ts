// Keeps visitors from fetching files through Vite's WebSocket: `vite:invoke` asks the server to transform any module, and versions
// before 6.4.2, 7.3.2 and 8.0.5 hand out every file that way (CVE-2026-39363).
import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';

/** The event that is refused, as it is reported. */
export const moduleRequest = 'vite:invoke';

/** Whether a WebSocket is the one over which Vite updates pages. */
export function isViteSocket(headers: IncomingHttpHeaders): boolean {
  return /vite-(hmr|ping)/.test(headers['sec-websocket-protocol'] ?? '');
}

/** Longer messages are refused: a page sends small ones. Bytes. */
const maxMessage = 1024 * 1024;

interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  /** Compressed, or of an extension that is not negotiated. */
  readonly isCoded: boolean;
  readonly bytes: Buffer;
  readonly payload: Buffer;
}

/**
 * The direction from a visitor to Vite. Each message is read whole before any of it is passed on; one that invokes the server, or
 * cannot be read, is an error of the stream.
 */
export class ModuleGuard extends Transform {
  #unread = Buffer.alloc(0);
  /** The frames of the message so far. */
  #frames: Frame[] = [];
  /** Their bytes, headers included: a message may consist of any number of empty frames. */
  #length = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    try {
      for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) this.#take(frame);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  #nextFrame(): Frame | undefined {
    const frame = readFrame(this.#unread);
    if (frame === undefined && this.#unread.length > maxMessage) throw new Error('a frame is too long');
    if (frame !== undefined) this.#unread = this.#unread.subarray(frame.bytes.length);
    return frame;
  }

  #take(frame: Frame): void {
    if (frame.isCoded) throw new Error('a frame is coded');
    if (frame.opcode >= 8) return void this.push(frame.bytes); // a ping, a pong or the end
    this.#frames.push(frame);
    this.#length += frame.bytes.length;
    if (this.#length > maxMessage) throw new Error('a message is too long');
    if (!frame.isFinal) return;
    const message = Buffer.concat(this.#frames.map(({ payload }) => payload));
    if (eventOf(message.toString()) === moduleRequest) throw new Error(moduleRequest);
    for (const { bytes } of this.#frames) this.push(bytes);
    this.#frames = [];
    this.#length = 0;
  }
}

/** As Vite reads a message. */
function eventOf(message: string): unknown {
  try {
    return (JSON.parse(message) as { event?: unknown } | null)?.event;
  } catch {
    return undefined;
  }
}

/** RFC 6455, section 5.2. @returns undefined while the frame is not complete */
function readFrame(data: Buffer): Frame | undefined {
  if (data.length < 2) return undefined;
  const [first, second] = [data.readUInt8(0), data.readUInt8(1)];
  const short = second & 0x7f;
  const maskAt = short === 126 ? 4 : short === 127 ? 10 : 2;
  const isMasked = (second & 0x80) !== 0;
  const payloadAt = maskAt + (isMasked ? 4 : 0);
  if (data.length < payloadAt) return undefined;
  const length = short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
  const end = payloadAt + length;
  if (data.length < end) return undefined;
  const mask = data.subarray(maskAt, payloadAt);
  const payload = Buffer.from(data.subarray(payloadAt, end));
  if (isMasked) for (let at = 0; at < length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return {
    opcode: first & 0x0f,
    isFinal: (first & 0x80) !== 0,
    isCoded: (first & 0x70) !== 0,
    bytes: data.subarray(0, end),
    payload,
  };
}
