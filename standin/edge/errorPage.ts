// The edge's own answers. Visitors see such a page when they open a link too early or too late.
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Answers a request with an error page.
 * @param code Cloudflare's number for the error, as 1016 (no DNS record) or 1033 (no tunnel)
 */
export function answerError(response: ServerResponse, status: number, code: number, reason: string): void {
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(errorPage(status, code, reason));
}

/** Answers a request for a WebSocket with a status, and closes its connection. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}

function errorPage(status: number, code: number, reason: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Error ${code}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem; color: #333 }
  small { color: #777 }
</style>
<h1>This site cannot be shown</h1>
<p>${escape(reason)}</p>
<p><small>Error ${code}, status ${status}. This page comes from the stand-in for Cloudflare.</small></p>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
