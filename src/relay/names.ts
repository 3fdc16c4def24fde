// The names by which a dev server is called: the public ones, as any tunnel gives them, or the local ones where it refuses those.
import { withDeadline } from '../deadline.ts';
import { rowOf } from './devServers.ts';
import type { DevServerName } from './devServers.ts';
import type { Target } from './forward.ts';
import { headersForServer } from './headers.ts';
import type { OwnServerAgent } from './ownServerAgent.ts';
import { get } from './probe.ts';
import { refusesHost, serverOfPage, type Reply } from './probeResult.ts';

export type Names = 'public' | 'local';

/** The names by which one server is addressed, from its start to its end. */
export interface Naming {
  readonly names: Names;
  /** Its page links to `http://` and the site's hostname: it does not read X-Forwarded-Proto. */
  readonly insecureLinks?: boolean;
}

export const local: Naming = { names: 'local' };

/** How long a first page may take before the server keeps the local names. Milliseconds. */
const timeout = 30_000;

/**
 * Asks a server which names it takes: requests `/` by the public names, and only if that fails, by the local ones. Of two
 * different answers the local one is right. Never rejects; a server that is known by name may not be asked at all.
 * @param agent connects to the user's own servers only
 */
export async function askForNames(
  target: Target,
  site: URL,
  agent: OwnServerAgent,
  signal: AbortSignal,
): Promise<Naming> {
  if (!isAsked(target.server)) return local;
  return withDeadline(timeout, [signal], async (deadline) => {
    const ask = (names: Names): Promise<Reply | undefined> => {
      const { host, ...headers } = headersForServer({ origin: site.origin, accept: 'text/html' }, site, target, names);
      const address = { host: target.address, port: target.port };
      return get({ address, site, signal: deadline, agent }, '/', { host: String(host), ...flat(headers) });
    };
    const answer = await ask('public');
    if (answer === undefined || refusesHost(answer) || !isAsked(serverOfPage(answer))) return local;
    if (answer.status >= 400 && (await ask('local'))?.status !== answer.status) return local;
    return { names: 'public', insecureLinks: answer.body.includes(`http://${site.host}`) };
  });
}

const isAsked = (server: DevServerName | undefined): boolean => server === undefined || rowOf(server)?.isAsked === true;

/** How long visitors wait for a server's answer before they are served by the local names. Milliseconds. */
const patience = 2_000;

/** The naming of the current server: asked once for each start, then remembered. */
export class ServerNames {
  readonly #ask: (target: Target, signal: AbortSignal) => Promise<Naming>;
  #naming: Naming | undefined = local;
  #ready: Promise<unknown> = Promise.resolve();
  #ending = new AbortController();

  readonly #patience: number;

  /** @param milliseconds how long visitors wait for the answer */
  constructor(ask: (target: Target, signal: AbortSignal) => Promise<Naming>, milliseconds = patience) {
    this.#ask = ask;
    this.#patience = milliseconds;
  }

  /** Call it when another server starts, and with null when the server stops. */
  start(target: Target | null): void {
    this.#ending.abort();
    this.#naming = undefined;
    if (target === null) return;
    const { signal } = (this.#ending = new AbortController());
    const answered = this.#ask(target, signal).then((naming) => {
      if (!signal.aborted) this.#naming = naming;
    });
    this.#ready = withDeadline(this.#patience, [signal], (deadline) =>
      Promise.race([answered, new Promise((resolve) => deadline.addEventListener('abort', resolve))]),
    );
  }

  /** Calls back at once if the naming is known, else when the server has answered, or with the local names after a while. */
  whenKnown(callback: (naming: Naming) => void): void {
    if (this.#naming) callback(this.#naming);
    else void this.#ready.then(() => callback(this.#naming ?? local));
  }
}

const flat = (headers: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
