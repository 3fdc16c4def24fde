// Asks the site's public address for the relay's own status, as a visitor would, to notice that the way there is broken:
// a rule or a DNS record that was deleted, a connector that is gone. It makes no API call.
import { lookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import { statusPath } from './page.ts';

/**
 * `reached`: a relay of this student answered. `lost`: Cloudflare answered that there is no such site, with the reason.
 * `nameless`: this machine does not find the name. `unknown`: another answer, such as a login page in front of the site. `silent`:
 * none, as on a machine that may not reach its own sites.
 */
export type PublicAnswer =
  { readonly kind: 'reached' | 'unknown' | 'silent' } | { readonly kind: 'lost' | 'nameless'; readonly reason: string };

/** Milliseconds. Together they notice a loss within a minute. */
export const checkPauses = { first: 5_000, usual: 25_000, afterLoss: 5_000 } as const;
/** So many losses in a row are reported, and reported again after this many more, which doubles up to the last number. */
const reportAt = { first: 2, again: 4, most: 20 } as const;

const timeout = 10_000;
const mostBytes = 1_000;
/** 404: no rule of the tunnel names the host. 530: no tunnel serves it (1033), or its DNS record leads nowhere (1016). */
export const lostStatuses = new Map([
  [404, 'Cloudflare answers 404: the tunnel has no rule for it'],
  [530, 'Cloudflare answers 530: its connector or its DNS record is gone'],
]);
/** A resolver may remember that there was no such name, for up to half an hour after the record is there. */
export const noName =
  'this server does not find its name; either the DNS record is gone, or the resolver remembers that it was';

/** Asks once, with GET. Never rejects, and takes ten seconds at most. */
export function askPublicly(site: URL): Promise<PublicAnswer> {
  const url = new URL(statusPath, site);
  const { get } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve) => {
    const request = get(
      url,
      { lookup: resolveHost, agent: false, signal: AbortSignal.timeout(timeout) },
      (response) => {
        const { statusCode = 0 } = response;
        const reason = lostStatuses.get(statusCode);
        if (reason !== undefined) {
          response.destroy();
          return resolve({ kind: 'lost', reason });
        }
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
          if (body.length > mostBytes) response.destroy();
        });
        response.once('close', () => resolve({ kind: statusCode === 200 && isStatus(body) ? 'reached' : 'unknown' }));
      },
    );
    request.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOTFOUND' ? { kind: 'nameless', reason: noName } : { kind: 'silent' }),
    );
  });
}

/**
 * Asks for a WebSocket at the relay's own status address, which the relay refuses with 503. cloudflared answers 502 in its place
 * where it cannot carry one: over http2, to a Unix socket. Never rejects.
 */
export function askForWebSocket(site: URL): Promise<'carried' | 'refused' | 'unknown'> {
  const url = new URL(statusPath, site);
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeout);
    const asked = request(url, { lookup: resolveHost, agent: false, signal, headers: webSocketHeaders });
    asked.once('response', (response) => {
      response.destroy();
      resolve(response.statusCode === 502 ? 'refused' : response.statusCode === 503 ? 'carried' : 'unknown');
    });
    asked.once('upgrade', (_response, socket) => {
      socket.destroy();
      resolve('carried');
    });
    asked.once('error', () => resolve('unknown'));
    asked.end();
  });
}

const webSocketHeaders = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'Y2xhc3Nyb29tLXR1bm5lbA==', // any 16 bytes: nothing is sent over the connection
};

/** Names below `localhost` lead to this machine for every browser, but not for every resolver (RFC 6761). */
const resolveHost: LookupFunction = (hostname, options, callback) => {
  lookup(/(^|\.)localhost$/.test(hostname) ? 'localhost' : hostname, options, callback);
};

function isStatus(body: string): boolean {
  try {
    return typeof (JSON.parse(body) as { running?: unknown } | null)?.running === 'boolean';
  } catch {
    return false;
  }
}

export interface PublicCheckOptions {
  readonly ask: () => Promise<PublicAnswer>;
  readonly askForWebSocket: () => Promise<'carried' | 'refused' | 'unknown'>;
  /** Called once, if WebSockets do not arrive although the site is reached. */
  readonly onNoWebSockets: () => void;
  /** Called for a loss that lasts, with its reason; again at growing intervals. */
  readonly onLost: (reason: string) => void;
  /** Called once the loss that was reported is over. */
  readonly onReachedAgain: () => void;
  /** Calls back once, so many milliseconds later. */
  readonly after: (milliseconds: number, callback: () => void) => { cancel(): void };
}

/**
 * Checks from time to time whether visitors and their WebSockets reach the site, until it is stopped. A loss is reported when two
 * answers in a row say it. The first answer may come before the connector has the site, so it is no loss.
 */
export function startPublicCheck(options: PublicCheckOptions): { stop(): void } {
  const { ask, after } = options;
  const checkWebSockets = webSocketCheck(options);
  const losses = new Losses(options);
  let stopped = false;
  let isFirst = true;
  let timer = after(checkPauses.first, check);
  return {
    stop: () => {
      stopped = true;
      timer.cancel();
    },
  };

  function check(): void {
    void ask().then(async (answer) => {
      const webSocketsDoubtful = answer.kind === 'reached' && (await checkWebSockets());
      if (stopped) return;
      losses.note(answer, isFirst);
      isFirst = false;
      timer = after(webSocketsDoubtful || losses.mayPass ? checkPauses.afterLoss : checkPauses.usual, check);
    });
  }
}

/** Counts the losses in a row, and reports them. */
class Losses {
  readonly #options: Pick<PublicCheckOptions, 'onLost' | 'onReachedAgain'>;
  #count = 0;
  /** Answers in a row that found no name, on a machine that has never found it. */
  #nameless = 0;
  #found = false;
  #due: number = reportAt.first;
  #pause: number = reportAt.again;

  constructor(options: Pick<PublicCheckOptions, 'onLost' | 'onReachedAgain'>) {
    this.#options = options;
  }

  /** The loss may be over soon: it is new, or was reported just now. */
  get mayPass(): boolean {
    return this.#count > 0 && this.#count <= reportAt.first + 1;
  }

  /** @param isFirst the answer may come before the connector has the site, so a loss in it does not count */
  note(answer: PublicAnswer, isFirst: boolean): void {
    const { kind } = answer;
    const isLoss = kind === 'lost' || kind === 'nameless';
    // An answer that never came says nothing of the way to the site.
    if (kind === 'silent' || (isFirst && isLoss)) return;
    if (kind === 'nameless' && !this.#found) return this.#doubt(answer.reason);
    this.#found = true;
    if (isLoss) return this.#lose(answer.reason);
    if (this.#count >= reportAt.first) this.#options.onReachedAgain();
    [this.#count, this.#due, this.#pause] = [0, reportAt.first, reportAt.again];
  }

  #lose(reason: string): void {
    this.#count += 1;
    if (this.#count < this.#due) return;
    this.#options.onLost(reason);
    this.#due += this.#pause;
    this.#pause = Math.min(2 * this.#pause, reportAt.most);
  }

  /**
   * Reports once, so that the DNS record is checked and put back. A name that is still not found is this machine's own matter: it
   * may ask no public resolver, or one that remembers that there was no such name.
   */
  #doubt(reason: string): void {
    this.#nameless += 1;
    if (this.#nameless !== reportAt.first) return;
    this.#options.onLost(reason);
    this.#options.onReachedAgain();
  }
}

/** @returns a function that asks for a WebSocket, reports at the second refusal in a row, and says whether this was the first */
function webSocketCheck({ askForWebSocket: ask, onNoWebSockets }: PublicCheckOptions): () => Promise<boolean> {
  let refusals = 0;
  return async () => {
    if (refusals >= 2) return false;
    refusals = (await ask()) === 'refused' ? refusals + 1 : 0;
    if (refusals === 2) onNoWebSockets();
    return refusals === 1;
  };
}
