// The relay's own responses, given when no dev server responds.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { askingPage, askingPolicy, type Question } from './askingPage.ts';
import { blockedPage, pagePolicy, retryAfterSeconds, stoppedPage, stoppedText, wantsPage } from './page.ts';
import { languageOf } from './pageTexts.ts';
import { shieldParts } from './shield.ts';
import type { ShieldPart } from './shield.ts';

const neverStored = { 'cache-control': 'no-store, no-transform', 'cloudflare-cdn-cache-control': 'no-store' };

/** 503, because the site's server does not run: a page for a person, a line of text for a program. */
export function respondStopped(site: URL, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy(); // the server broke off in the middle of its response: so does the relay
    return;
  }
  request.resume();
  const page = wantsPage(request.method, request.headers);
  response.writeHead(503, {
    'content-type': `text/${page ? 'html' : 'plain'}; charset=utf-8`,
    'retry-after': String(retryAfterSeconds),
    vary: 'accept-language',
    ...neverStored,
    ...(page ? { 'content-security-policy': pagePolicy } : {}),
  });
  response.end(
    page ? stoppedPage(site.hostname, languageOf(request.headers['accept-language'])) : stoppedText(site.hostname),
  );
}

/** 403, because the development server offers this to its own developer and not to visitors. */
export function respondBlocked(site: URL, part: ShieldPart, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const reason = shieldParts[part];
  const page = wantsPage(request.method, request.headers);
  response.writeHead(403, {
    'content-type': `text/${page ? 'html' : 'plain'}; charset=utf-8`,
    ...neverStored,
    ...(page ? { 'content-security-policy': pagePolicy } : {}),
  });
  response.end(
    page ? blockedPage(site.hostname, reason, part) : `Visitors of ${site.hostname} may not see this. ${reason}\n`,
  );
}

/** Why a passphrase was refused: it is wrong, or the next attempt is allowed only in some seconds. Neither: it was not read. */
export interface Refused {
  readonly isWrong?: true;
  readonly waitSeconds?: number;
}

/** 401 with the question for the passphrase, or 429 while no attempt is allowed. */
export function respondAsking(site: URL, request: IncomingMessage, response: ServerResponse, question: Question): void {
  request.resume();
  const { waitSeconds } = question;
  const { method, headers } = request;
  const page = wantsPage(method === 'POST' ? 'GET' : method, headers);
  response.writeHead(waitSeconds === undefined ? 401 : 429, {
    'content-type': `text/${page ? 'html' : 'plain'}; charset=utf-8`,
    ...(waitSeconds !== undefined && { 'retry-after': String(waitSeconds) }),
    vary: 'accept-language',
    ...neverStored,
    ...(page ? { 'content-security-policy': askingPolicy } : {}),
  });
  response.end(
    page
      ? askingPage(site.hostname, question, languageOf(headers['accept-language']))
      : `${site.hostname} is private. Open it in a browser and enter the passphrase of the class.\n`,
  );
}

/** 303: the browser requests this path next. */
export function respondSeeOther(response: ServerResponse, path: string, cookie?: string): void {
  response.writeHead(303, { location: path, ...(cookie !== undefined && { 'set-cookie': cookie }), ...neverStored });
  response.end();
}

/** Tells the page that waits whether the site's server runs. */
export function respondStatus(response: ServerResponse, running: boolean): void {
  response.writeHead(200, { 'content-type': 'application/json', ...neverStored });
  response.end(JSON.stringify({ running }));
}

/** An error in one line of text. Closes the connection. */
export function respondError(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close', ...neverStored });
  response.end(`${text}\n`);
}

export type RejectionStatus =
  '400 Bad Request' | '401 Unauthorized' | '403 Forbidden' | '421 Misdirected Request' | '503 Service Unavailable';

/** Rejects a WebSocket before it is opened. */
export function rejectUpgrade(socket: Duplex, status: RejectionStatus): void {
  if (socket.destroyed) return;
  socket.on('error', () => undefined); // the visitor may have left
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
