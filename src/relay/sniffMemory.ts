// Remembers which of a command's sockets serve a page, so that a server is not asked again at every look.
import type { SniffPort, SniffResult } from './target.ts';
import type { Listener } from '../shell/listeners.ts';

/** A socket without a page may get one: it is asked again after this time. Milliseconds. */
const withoutPage = 60_000;
/** More sockets than any student has. */
const limit = 100;

export class SniffMemory {
  readonly #sniff: SniffPort;
  readonly #now: () => number;
  readonly #results = new Map<number, { readonly result: SniffResult; readonly until: number }>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(sniff: SniffPort, now: () => number) {
    this.#sniff = sniff;
    this.#now = now;
  }

  /**
   * Asks the sockets that were not asked before. One that restarted is another socket.
   * @param isSettled the site is live; until then a socket without a page is asked each time
   */
  of(listeners: readonly Listener[], isSettled: boolean): SniffPort {
    return async (target) => {
      const inode = listeners.find(({ port }) => port === target.port)?.inode ?? 0;
      const known = this.#results.get(inode);
      if (known && (known.result !== 'http' || isSettled) && this.#now() < known.until) return known.result;
      const result = await this.#sniff(target);
      if (result === 'none') return known?.result ?? result; // a server that is busy
      if (this.#results.size >= limit) this.#results.clear();
      this.#results.set(inode, { result, until: result === 'http' ? this.#now() + withoutPage : Infinity });
      return result;
    };
  }
}
