// Finds the path below which a dev server has its site, where `/` is not found: Vite's and Next.js' base paths, and others. Pure.
import type { Reply } from './probeResult.ts';

/** The places in a page that name its base path, the surest first. */
const places = [
  /configured with a public base URL of (\/[^\s<]*)/, // Vite
  /<base\b[^>]*\bhref=["']?(\/[^"'>\s]+)/i,
  /["'](\/[^"'\s]+)\/_next\/static\//,
  /["'](\/[^"'\s]+\/)@vite\/client["']/,
  /<script\b[^>]*\bsrc=["']?(\/[^"'>\s]+\/)[^/"'>\s]+\.m?js/i,
];

/** It answers `/` with its page, whose script then says that there is none. */
const docusaurus = /<meta name="generator" content="Docusaurus/;

/** The paths at which the site of a server may be that answers `/` with this page. Most servers have their site at `/`. */
export function basePathsOf({ status, body }: Reply): string[] {
  return mayBeElsewhere({ status, body }) ? places.flatMap((place) => place.exec(body)?.[1] ?? []) : [];
}

/** Whether the site of a server that answers `/` with this page may be at another path. */
export function mayBeElsewhere({ status, body }: Pick<Reply, 'status' | 'body'>): boolean {
  return status === 404 || docusaurus.test(body);
}

/** Colours and other escape sequences of a terminal. */
// eslint-disable-next-line no-control-regex
const escapes = /\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;
const printed = /\bhttps?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d{2,5})(\/[\w./~%-]*)?/g;

/** The address of each local server that a text of a terminal names: its port, and its path. */
export function printedAddresses(text: string): { readonly port: number; readonly path: string }[] {
  return [...text.replace(escapes, '').matchAll(printed)].map(([, port, path]) => ({
    port: Number(port),
    path: path ?? '/',
  }));
}

/** A text that continues in the next chunk is at most this long. Characters. */
const longest = 400;
/** A server prints its address early. Characters of each command. */
const readLimit = 200_000;

/** Remembers the path of each local server that programs print. */
export class PrintedPaths {
  readonly #paths = new Map<number, string>();

  /** Reads the output of a command until its server has named itself, or a lot was printed. Never rejects. */
  async read(output: AsyncIterable<string>): Promise<void> {
    let [held, length] = ['', 0];
    try {
      for await (const chunk of output) {
        for (const { port, path } of printedAddresses(held + chunk)) this.#paths.set(port, path);
        held = (held + chunk).slice(-longest);
        length += chunk.length;
        if (length > readLimit) return;
      }
    } catch {
      // the terminal has closed
    }
  }

  /** The path that was printed last for a port, unless it is `/`. */
  of(port: number): string | undefined {
    const path = this.#paths.get(port);
    return path === '/' ? undefined : path;
  }
}
