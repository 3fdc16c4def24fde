// Sends `GET /` to a socket of this machine, to tell a site from what else a dev server listens with.
import { request } from 'node:http';
import type { Target } from './forward.ts';
import type { SniffResult } from './target.ts';

/** A page that takes longer counts as no response yet. Milliseconds. */
const timeout = 3_000;
/** The response of a socket for WebSockets alone. */
const upgradeRequired = 426;

/** The effect behind `findTarget`. Only for sockets of the student's own processes, as `listenersOf` gives them. */
export async function sniffPort({ port, address }: Target): Promise<SniffResult> {
  return new Promise((resolve) => {
    const sent = request({
      host: address,
      port,
      path: '/',
      agent: false,
      signal: AbortSignal.timeout(timeout),
      headers: { host: `localhost:${port}`, accept: 'text/html' },
    });
    sent.on('error', () => resolve('none'));
    sent.on('response', (response) => {
      const status = response.statusCode ?? 0;
      const isHtml = /\btext\/html\b/i.test(response.headers['content-type'] ?? '');
      const isPage = status < 400 && (isHtml || status >= 300); // an API without `/` may say so in HTML
      resolve(status === upgradeRequired ? 'none' : isPage ? 'page' : 'http');
      response.destroy();
    });
    sent.end();
  });
}
