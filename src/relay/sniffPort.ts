// Asks a socket of this machine for its page, to tell a site from what else a dev server listens with.
import { request } from 'node:http';
import type { Target } from './forward.ts';
import type { SniffResult } from './target.ts';

/** How long one socket may take. A page that is still being made counts as no answer yet. Milliseconds. */
const PATIENCE = 3_000;

/** The effect behind `findTarget`. Only for sockets of the student's own processes, as `listenersOf` gives them. */
export async function sniffPort({ port, address }: Target): Promise<SniffResult> {
  return new Promise((resolve) => {
    const question = request({
      host: address,
      port,
      path: '/',
      agent: false,
      signal: AbortSignal.timeout(PATIENCE),
      headers: { host: `localhost:${port}`, accept: 'text/html' },
    });
    question.on('error', () => resolve('none'));
    question.on('response', (answer) => {
      const isPage =
        /\btext\/html\b/i.test(answer.headers['content-type'] ?? '') ||
        ((answer.statusCode ?? 0) >= 300 && (answer.statusCode ?? 0) < 400);
      resolve(answer.statusCode === UPGRADE_REQUIRED ? 'none' : isPage ? 'page' : 'http');
      answer.destroy();
    });
    question.end();
  });
}

/** What a socket for WebSockets alone answers. */
const UPGRADE_REQUIRED = 426;
