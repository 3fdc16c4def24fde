// What a visitor sees while the dev server does not answer: one small page that needs nothing but itself.
import { createHash } from 'node:crypto';

/** Everything under this path is the relay's own; no dev server ever sees it. */
export const OWN_PATH = '/.well-known/classroom-tunnel/';
/** Says `{"running": boolean}`; the page asks it, and reloads when the server is up. */
export const STATUS_PATH = `${OWN_PATH}status`;
/** Seconds after which a client that is no browser may try again. */
export const RETRY_AFTER_SECONDS = 5;

const STYLE = `
:root { color-scheme: light dark; font: 1.125rem/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f6f7f9; color: #1c2127; }
main { max-width: 32rem; padding: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 1rem; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; }
small { color: #59636e; }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #e8ebee; } small { color: #a3adb8; } }
`;

// A hidden tab does not ask; after a minute the others ask more seldom.
const SCRIPT = `
const begun = Date.now();
async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch('${STATUS_PATH}', { cache: 'no-store' });
      if (answer.ok && (await answer.json()).running) return location.reload();
    } catch { /* the network is away: ask again */ }
  }
  setTimeout(look, Date.now() - begun < 60000 ? 1000 : 5000);
}
look();
`;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page's Content-Security-Policy: its own style and script, questions to its own host, and nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *`;

/** The whole page for a site whose server does not run. */
export function stoppedPage(hostname: string): string {
  const name = escapeHtml(hostname);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${name} is not running</title>
<style>${STYLE}</style>
<noscript><meta http-equiv="refresh" content="${RETRY_AFTER_SECONDS}"></noscript>
</head>
<body>
<main>
<h1>${name} is not running right now</h1>
<p role="status">Its server is stopped or still starting. This page opens the site by itself as soon as it is up.</p>
<p><small>Is this your site? Start it in your terminal, for example with <code>npm run dev</code>.</small></p>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** The same for a client that asked for no page. */
export function stoppedText(hostname: string): string {
  return `${hostname} is not running right now. Its server is stopped or still starting.\n`;
}

/** Whether a request wants a page for a person: a navigation, not a script, an image or a call of an API. */
export function wantsPage(
  method: string | undefined,
  headers: { accept?: string | undefined; 'sec-fetch-dest'?: string | string[] | undefined },
): boolean {
  const destination = headers['sec-fetch-dest'];
  const forPerson =
    destination === undefined || destination === 'document' || destination === 'iframe' || destination === 'frame';
  return method === 'GET' && forPerson && /\btext\/html\b/i.test(headers.accept ?? '');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
