// What the relay answers by itself, where no dev server does.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PAGE_POLICY, RETRY_AFTER_SECONDS, stoppedPage, stoppedText, wantsPage } from './page.ts';

const NEVER_STORED = { 'cache-control': 'no-store', 'cloudflare-cdn-cache-control': 'no-store' };

/** The site's server does not run: a page for a person, a line of text for a program, 503 for both. */
export function answerStopped(site: URL, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy(); // the server went away in the middle of its answer; a cut connection is the only way to say so
    return;
  }
  request.resume();
  const page = wantsPage(request.method, request.headers);
  response.writeHead(503, {
    'content-type': `text/${page ? 'html' : 'plain'}; charset=utf-8`,
    'retry-after': String(RETRY_AFTER_SECONDS),
    ...NEVER_STORED,
    ...(page ? { 'content-security-policy': PAGE_POLICY } : {}),
  });
  response.end(page ? stoppedPage(site.hostname) : stoppedText(site.hostname));
}

/** Whether the site's server runs, for the page that waits for it. */
export function answerStatus(response: ServerResponse, running: boolean): void {
  response.writeHead(200, { 'content-type': 'application/json', ...NEVER_STORED });
  response.end(JSON.stringify({ running }));
}

/** A request that the relay does not take. */
export function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close', ...NEVER_STORED });
  response.end(`${text}\n`);
}

/** The same for a WebSocket that was never opened. */
export function refuseUpgrade(socket: Duplex, status: '400 Bad Request' | '503 Service Unavailable'): void {
  if (socket.destroyed) return;
  socket.on('error', () => undefined); // the visitor may be gone already
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
