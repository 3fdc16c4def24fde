// The agents behind the requests to a dev server, which may speak HTTP or HTTPS, and the check which of the two it speaks.
import { OwnServerAgent } from './ownServerAgent.ts';
import type { IsOwn } from './ownServerAgent.ts';
import type { Target } from './forward.ts';
import type { Duplex } from 'node:stream';

/** Less than the 5 s after which a node server closes an idle connection, so that the relay closes it first. Milliseconds. */
const upstreamIdle = 4_000;
/** The limit of a TLS handshake on the same machine. Milliseconds. */
const handshakeLimit = 3_000;

export class ServerAgents {
  readonly #plain: Pair;
  readonly #secure: Pair;
  readonly #checked = new WeakMap<Target, Promise<boolean>>();

  constructor(isOwn: IsOwn) {
    this.#plain = pairOf(isOwn, 'http:');
    this.#secure = pairOf(isOwn, 'https:');
  }

  /** Keeps connections to the server for later requests. */
  pool(target: Target): OwnServerAgent {
    return this.#of(target).pool;
  }

  /** Makes a connection for each request. */
  fresh(target: Target): OwnServerAgent {
    return this.#of(target).fresh;
  }

  /** Whether a server that broke off a plain request speaks TLS. It is asked once. Never rejects. */
  async speaksTls(target: Target): Promise<boolean> {
    const known = this.#checked.get(target);
    if (known !== undefined) return known;
    const answer = handshake(this.#secure.fresh, target);
    this.#checked.set(target, answer);
    return answer;
  }

  destroy(): void {
    this.#plain.pool.destroy();
    this.#secure.pool.destroy();
  }

  #of(target: Target): Pair {
    return target.secure ? this.#secure : this.#plain;
  }
}

interface Pair {
  readonly pool: OwnServerAgent;
  readonly fresh: OwnServerAgent;
}

function pairOf(isOwn: IsOwn, protocol: 'http:' | 'https:'): Pair {
  return {
    pool: new OwnServerAgent(isOwn, { keepAlive: true, maxFreeSockets: 64, timeout: upstreamIdle }, protocol),
    fresh: new OwnServerAgent(isOwn, { keepAlive: false }, protocol),
  };
}

async function handshake(agent: OwnServerAgent, { port, address: host }: Target): Promise<boolean> {
  const signal = AbortSignal.timeout(handshakeLimit);
  return new Promise((resolve) => {
    agent.createConnection({ host, port }, (error: Error | null, socket: Duplex | undefined) => {
      if (error !== null || socket === undefined) return resolve(false);
      const done = (speaks: boolean): void => {
        resolve(speaks);
        socket.destroy();
      };
      signal.addEventListener('abort', () => done(false));
      socket.once('secureConnect', () => done(true));
      socket.on('error', () => done(false));
      socket.once('close', () => done(false));
    });
  });
}
