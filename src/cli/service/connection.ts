// The service's end of a connection. A peer that does not write or does not read is cut off; nothing waits for it.
import type { Socket } from 'node:net';
import { formatReply, limits, readRequest, type Reply } from './protocol.ts';

export class Connection {
  readonly #socket: Socket;
  readonly #hungUp = new AbortController();

  /** @param socket with `allowHalfOpen` */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#socket.on('error', () => this.hangUp());
    for (const event of ['end', 'close']) this.#socket.once(event, () => this.hangUp());
  }

  /** Aborts when the peer has ended the connection, or the half in which it writes. */
  get hungUp(): AbortSignal {
    return this.#hungUp.signal;
  }

  /** Closes the connection without an exit code: the caller may try again. */
  refuse(): void {
    this.#socket.destroy();
  }

  hangUp(): void {
    this.#hungUp.abort(new Error('the caller has gone'));
  }

  /** The arguments that the peer sends. @returns undefined if no complete request comes within the limits */
  async readRequest(): Promise<string[] | undefined> {
    const line = await new Promise<string>((resolve) => {
      let text = '';
      const timer = setTimeout(() => resolve(''), limits.requestTime);
      this.#hungUp.signal.addEventListener('abort', () => resolve(''));
      this.#socket.setEncoding('utf8').on('data', (data: string) => {
        // Anything after the request is read and dropped: only a reader sees the end of the connection.
        if (text.includes('\n')) return;
        text += data;
        if (!text.includes('\n') && text.length <= limits.requestBytes) return;
        clearTimeout(timer);
        resolve(text.length <= limits.requestBytes ? (text.split('\n')[0] ?? '') : '');
      });
    });
    return readRequest(line);
  }

  send(reply: Reply): void {
    if (!this.#socket.writable) return;
    this.#socket.write(formatReply(reply));
    if (this.#socket.writableLength > limits.unreadBytes) this.#socket.destroy();
  }

  /** Sends the exit code, and resolves when the peer has read everything or had the time to. */
  async close(exitCode: number): Promise<void> {
    this.send({ exitCode });
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limits.readTime);
      this.#socket.once('close', resolve);
      this.#socket.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
