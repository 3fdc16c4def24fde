// Finds addresses such as http://localhost:5000 in the pages and scripts of a site: a visitor's browser would ask the visitor's
// own machine. The responses pass unchanged and unbuffered.
import type { IncomingMessage } from 'node:http';

/** An address of the local machine in what visitors get. */
export interface LocalLink {
  /** As it stands there, up to the port: `http://localhost:5000`. */
  readonly address: string;
  /** The path of the page or script. */
  readonly path: string;
  /** It stands in a page, and not in a script. */
  readonly inPage: boolean;
}

const html = /^\s*(text\/html|application\/xhtml\+xml)\b/i;
const script = /javascript|ecmascript|typescript/i;
/** Scripts of packages and of the dev server, which name local addresses and do not use them. */
const libraries = /node_modules|\/@(?:fs|id|vite|react-refresh)|\/\.vite\/|\/__|webpack-hmr|hot-update/;
/** In quotation marks. An address without a port is a placeholder of libraries. */
const pattern = /["'`]((?:https?|wss?):\/\/(?:localhost|127\.0\.0\.1|\[::1\]):\d{2,5})(?=["'`/?#])/g;
/** An address may begin at the end of a chunk. Characters. */
const longest = 40;
/** Of each response, in bytes. */
const readLimit = 2 * 1024 * 1024;

/** Whether the response to this request may be read: such a request is sent without Accept-Encoding. */
export function mayHoldLinks(path: string, headers: IncomingMessage['headers']): boolean {
  if (libraries.test(path)) return false;
  return (
    /\btext\/html\b/.test(headers.accept ?? '') ||
    headers['sec-fetch-dest'] === 'script' ||
    /\.[cm]?[jt]sx?(\?|$)|\.(vue|svelte)(\?|$)/.test(path)
  );
}

/** Calls back for each address that a response holds, while the response passes. */
export function readLinks(response: IncomingMessage, path: string, onFound: (link: LocalLink) => void): void {
  const type = response.headers['content-type'] ?? '';
  const inPage = html.test(type);
  if ((!inPage && !script.test(type)) || response.headers['content-encoding'] !== undefined) return;
  let [held, length] = ['', 0];
  const read = (chunk: Buffer): void => {
    const text = held + chunk.toString('latin1');
    for (const [, address = ''] of text.matchAll(pattern))
      onFound({ address, path: path.split('?')[0] ?? path, inPage });
    held = text.slice(-longest);
    length += chunk.length;
    if (length > readLimit) response.off('data', read);
  };
  response.on('data', read);
}

/** So many different addresses are reported: a page may be generated. */
const maxReports = 20;

/** Reports each address once. */
export function reportOnce(report: (link: LocalLink) => void): (link: LocalLink) => void {
  const reported = new Set<string>();
  return (link) => {
    if (reported.has(link.address) || reported.size >= maxReports) return;
    reported.add(link.address);
    report(link);
  };
}
