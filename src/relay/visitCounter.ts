// Counts the visitors of a relay from their requests. Cloudflare tells each visitor's address; it is kept as a salted hash only.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { VisitorCount } from './visitors.ts';
import type { Visitors } from './visitors.ts';

export class VisitCounter {
  readonly #count = new VisitorCount();
  readonly #salt = randomBytes(16);
  readonly #onVisit: (() => void) | undefined;

  /** @param onVisit called after each answer to a visitor */
  constructor(onVisit: (() => void) | undefined) {
    this.#onVisit = onVisit;
  }

  /** Counts a request once it is answered. One that did not come through Cloudflare is the window's own. */
  follow({ method = '', url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const address = headers['cf-connecting-ip'];
    if (address === undefined) return;
    const hash = createHash('sha256')
      .update(this.#salt)
      .update(String(address))
      .update(headers['user-agent'] ?? '');
    const browser = hash.digest('base64');
    response.once('finish', () => {
      this.#count.add(browser, { method, path: url, status: response.statusCode, time: Date.now() });
      this.#onVisit?.();
    });
  }

  read(): Visitors {
    return this.#count.read(Date.now());
  }
}
