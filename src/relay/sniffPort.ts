// Asks a socket of this machine, to tell a site from what else a dev server listens with.
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Target } from './forward.ts';
import type { SniffResult } from './target.ts';

/** A page that takes longer counts as no response yet. Milliseconds. */
const timeout = 3_000;
/** The response of a socket for WebSockets alone. */
const upgradeRequired = 426;

/** The effect behind `findTarget`. Only for sockets of the student's own processes, as `listenersOf` gives them. */
export async function sniffPort(target: Target): Promise<SniffResult> {
  const signal = AbortSignal.timeout(timeout);
  const result = (await sniff(target, requestPlain, signal)) ?? (await sniff(target, requestSecure, signal)) ?? 'none';
  return result === 'http' && (await isDebugger(target, signal)) ? 'debugger' : result;
}

/** @returns undefined for a server that speaks another protocol, and for none */
async function sniff(
  target: Target,
  request: typeof requestSecure,
  signal: AbortSignal,
): Promise<SniffResult | undefined> {
  const response = await get(target, '/', request, signal);
  response?.destroy();
  if (!response) return undefined;
  const status = response.statusCode ?? 0;
  const isHtml = /\btext\/html\b/i.test(response.headers['content-type'] ?? '');
  const isPage = status < 400 && (isHtml || status >= 300); // an API without `/` may say so in HTML
  return status === upgradeRequired ? 'none' : isPage ? 'page' : 'http';
}

/** Whether the Chrome DevTools Protocol is served: by node, Deno and browsers (https://chromedevtools.github.io/devtools-protocol/). */
async function isDebugger(target: Target, signal: AbortSignal): Promise<boolean> {
  const response = await get(target, '/json/version', requestPlain, signal);
  if (response?.statusCode !== 200) {
    response?.destroy();
    return false;
  }
  return text(response).then(
    (body) => body.includes('"Protocol-Version"'),
    () => false,
  );
}

function get(
  { port, address }: Target,
  path: string,
  request: typeof requestSecure,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    const headers = { host: `localhost:${port}`, accept: 'text/html' };
    request({ host: address, port, path, agent: false, signal, rejectUnauthorized: false, headers })
      .on('error', () => resolve(undefined))
      .on('response', resolve)
      .end();
  });
}
