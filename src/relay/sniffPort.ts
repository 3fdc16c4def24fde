// Sends `GET /` to a socket of this machine, to tell a site from what else a dev server listens with.
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Target } from './forward.ts';
import type { SniffResult } from './target.ts';

/** A page that takes longer counts as no response yet. Milliseconds. */
const timeout = 3_000;
/** The response of a socket for WebSockets alone. */
const upgradeRequired = 426;

/** The effect behind `findTarget`. Only for sockets of the student's own processes, as `listenersOf` gives them. */
export async function sniffPort(target: Target): Promise<SniffResult> {
  const signal = AbortSignal.timeout(timeout);
  return (await sniff(target, requestPlain, signal)) ?? (await sniff(target, requestSecure, signal)) ?? 'none';
}

/** @returns undefined for a server that speaks another protocol, and for none */
async function sniff(
  { port, address }: Target,
  request: typeof requestSecure,
  signal: AbortSignal,
): Promise<SniffResult | undefined> {
  return new Promise((resolve) => {
    const sent = request({
      host: address,
      port,
      path: '/',
      agent: false,
      signal,
      rejectUnauthorized: false,
      headers: { host: `localhost:${port}`, accept: 'text/html' },
    });
    sent.on('error', () => resolve(undefined));
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
