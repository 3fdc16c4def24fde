// Counts the visitors of a site and keeps its last requests, without addresses. Pure, and of bounded size.

/** One request, as it was answered. */
export interface Visit {
  readonly method: string;
  /** Without the query, which may hold a password. */
  readonly path: string;
  /** Undefined while it is not answered, or if the visitor left first. */
  readonly status: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** The visitors of one site since its relay started. */
export interface Visitors {
  /** Browsers that asked for something in the last minute, or have a WebSocket open. */
  readonly now: number;
  /** Different browsers since the start. */
  readonly inAll: number;
  /** Requests since the start. */
  readonly requests: number;
  /** The last requests, the latest first. */
  readonly last: readonly Visit[];
}

export const noVisitors: Visitors = { now: 0, inAll: 0, requests: 0, last: [] };

/** The time after a request during which a browser counts as there. Milliseconds. */
const presence = 60_000;
const maxVisits = 50;
/** More browsers are not told apart. */
const maxBrowsers = 2_000;
/** Longer paths are cut. Characters. */
const maxPath = 120;

export class VisitorCount {
  readonly #lastSeen = new Map<string, number>();
  readonly #last: Visit[] = [];
  #inAll = 0;
  #requests = 0;

  /**
   * Notes a request that was answered.
   * @param browser tells visitors apart, and leaves this object never
   */
  add(browser: string, { path, ...visit }: Visit): void {
    this.#requests += 1;
    if (!this.#lastSeen.has(browser)) this.#inAll += 1;
    this.#lastSeen.delete(browser); // to put it at the end
    this.#lastSeen.set(browser, visit.time);
    const [oldest] = this.#lastSeen.keys();
    if (this.#lastSeen.size > maxBrowsers && oldest !== undefined) this.#lastSeen.delete(oldest);
    this.#last.unshift({ ...visit, path: (path.split('?')[0] ?? '').slice(0, maxPath) });
    this.#last.length = Math.min(this.#last.length, maxVisits);
  }

  /** @param time milliseconds since 1970 */
  read(time: number): Visitors {
    const now = [...this.#lastSeen.values()].filter((seen) => time - seen < presence).length;
    return { now, inAll: this.#inAll, requests: this.#requests, last: [...this.#last] };
  }
}
