// The agent behind every request to a dev server: it connects to its own user's server and to no other.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as secured } from 'node:tls';
import { Agent } from 'node:http';
import type { AgentOptions, ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LocalAddress } from '../shell/listeners.ts';

/** Whether a connection to this address is accepted by the relay's own user. */
export type IsOwn = (port: number, address: LocalAddress) => boolean;

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
  readonly address: LocalAddress;
  readonly callback: Callback;
  readonly onError: (error: Error) => void;
}

/**
 * Checks the port before each new connection, and once more when it is made, before a byte is written: a server that stops
 * leaves its port to others at any moment. Connections that are made in the same turn of the event loop share one check.
 */
export class OwnServerAgent extends Agent {
  /** Read by node, which refuses to send a request of another protocol. */
  readonly protocol: 'http:' | 'https:';
  readonly #isOwn: IsOwn;
  readonly #checked = new Map<string, boolean>();
  readonly #connected: Connected[] = [];

  /** @param protocol with `https:`, no certificate is checked: nothing but this machine is between the two */
  constructor(isOwn: IsOwn, options: AgentOptions, protocol: 'http:' | 'https:' = 'http:') {
    super(options);
    this.#isOwn = isOwn;
    this.protocol = protocol;
  }

  override createConnection(options: ClientRequestArgs, callback?: Callback): Duplex | undefined {
    const port = Number(options.port);
    const address = String(options.host);
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
        callback(null, this.protocol === 'https:' ? withTls(socket) : socket);
      } else {
        socket.destroy();
        fail(callback, new NotOwnServerError(port));
      }
    }
  }

  #isOwnNow(port: number, address: LocalAddress): boolean {
    const key = `${address} ${port}`;
    const known = this.#checked.get(key);
    if (known !== undefined) return known;
    const own = this.#isOwn(port, address);
    if (this.#checked.set(key, own).size === 1) setImmediate(() => this.#checked.clear());
    return own;
  }
}

/** The name is the one that self-made certificates have, and without one some servers have none. */
const withTls = (socket: Socket): Duplex =>
  secured({ socket, servername: 'localhost', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });

/** node's types ask for a stream beside the error; its code does not use it. */
function fail(callback: Callback, error: Error): void {
  (callback as (error: Error) => void)(error);
}
