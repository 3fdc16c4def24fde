// The agent behind every request to a dev server: it connects to its own user's server and to no other.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Agent } from 'node:http';
import type { AgentOptions, ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LoopbackAddress } from '../shell/listeners.ts';

/** Whether a connection to this address is accepted by the relay's own user. */
export type IsOwn = (port: number, address: LoopbackAddress) => boolean;

/** The error of a request to a port on which another user listens, or none. */
export class NotOwnServerError extends Error {
  readonly code = 'NOT_OWN_SERVER';
  constructor(port: number) {
    super(`Nothing of this user listens on port ${port}.`);
  }
}

type Callback = (error: Error | null, stream: Duplex) => void;
interface Connected {
  readonly socket: Socket;
  readonly port: number;
  readonly address: LoopbackAddress;
  readonly callback: Callback;
  readonly onError: (error: Error) => void;
}

/**
 * Checks the port before each new connection, and once more when it is made, before a byte is written: a server that stops
 * leaves its port to others at any moment. Connections that are made in the same turn of the event loop share one check.
 */
export class OwnServerAgent extends Agent {
  readonly #isOwn: IsOwn;
  readonly #checked = new Map<string, boolean>();
  readonly #connected: Connected[] = [];

  constructor(isOwn: IsOwn, options: AgentOptions) {
    super(options);
    this.#isOwn = isOwn;
  }

  override createConnection(options: ClientRequestArgs, callback?: Callback): Duplex | undefined {
    const port = Number(options.port);
    const address = options.host === '::1' ? '::1' : '127.0.0.1';
    const done = callback as Callback;
    if (!this.#isOwnNow(port, address)) {
      process.nextTick(fail, done, new NotOwnServerError(port));
      return undefined;
    }
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true });
    const onError = (error: Error): void => fail(done, error);
    socket.once('error', onError);
    socket.once('connect', () => {
      if (this.#connected.push({ socket, port, address, callback: done, onError }) === 1)
        setImmediate(() => this.#confirm());
    });
    return undefined;
  }

  /** The check is made after the connections, so it is about the listener that accepted them or a later one. */
  #confirm(): void {
    this.#checked.clear();
    for (const { socket, port, address, callback, onError } of this.#connected.splice(0)) {
      socket.off('error', onError);
      if (socket.destroyed) {
        fail(callback, new Error('The server closed the connection at once.')); // node ignores it after an earlier error
      } else if (this.#isOwnNow(port, address)) {
        callback(null, socket);
      } else {
        socket.destroy();
        fail(callback, new NotOwnServerError(port));
      }
    }
  }

  #isOwnNow(port: number, address: LoopbackAddress): boolean {
    const key = `${address} ${port}`;
    const known = this.#checked.get(key);
    if (known !== undefined) return known;
    const own = this.#isOwn(port, address);
    if (this.#checked.set(key, own).size === 1) setImmediate(() => this.#checked.clear());
    return own;
  }
}

/** node's types ask for a stream beside the error; its code does not use it. */
function fail(callback: Callback, error: Error): void {
  (callback as (error: Error) => void)(error);
}
