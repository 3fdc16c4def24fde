// The pages that the relay shows in place of the site: while no server runs, and for what visitors may not have. They load nothing.
import { createHash } from 'node:crypto';
import { pageTexts, type PageLanguage } from './pageTexts.ts';
import type { ShieldPart } from './shield.ts';

/** Every path below this one is the relay's own; no dev server sees a request for it. */
export const ownPath = '/.well-known/classroom-tunnel/';
/** Responds with `{"running": boolean}`; the page polls it, and reloads when the server runs. */
export const statusPath = `${ownPath}status`;
/** Gets the form with the passphrase of a private site. */
export const enterPath = `${ownPath}enter`;
/** For clients that are not browsers. */
export const retryAfterSeconds = 5;

/** The style of every page of the relay. */
export const style = `
:root { color-scheme: light dark; font: 1.125rem/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f6f7f9; color: #1c2127; }
main { max-width: 32rem; padding: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 1rem; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; }
small { color: #59636e; }
label { display: block; }
input, button { font: inherit; padding: 0.4rem 0.6rem; margin: 0.25rem 0.5rem 0.25rem 0; }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #e8ebee; } small { color: #a3adb8; } }
`;

// A hidden tab does not poll; after a minute the others poll less often.
const script = `
const begun = Date.now();
async function poll() {
  if (!document.hidden) {
    try {
      const response = await fetch('${statusPath}', { cache: 'no-store' });
      if (response.ok && (await response.json()).running) return location.reload();
    } catch { /* no network: poll again */ }
  }
  setTimeout(poll, Date.now() - begun < 60000 ? 1000 : 5000);
}
poll();
`;

/** A source of a Content-Security-Policy that allows this text. */
export const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The Content-Security-Policy of the relay's pages: their own style and script, requests to their own host, and nothing else. */
export const pagePolicy = `default-src 'none'; style-src ${hashSource(style)}; script-src ${hashSource(script)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *`;

/** For a site whose server does not run. */
export function stoppedPage(hostname: string, language: PageLanguage = 'en'): string {
  const { title, heading, explanation, hint } = pageTexts[language];
  const named = (text: string): string => text.replace('{name}', escapeHtml(hostname));
  return page({
    language,
    title: named(title),
    head: `<noscript><meta http-equiv="refresh" content="${retryAfterSeconds}"></noscript>\n`,
    main: `<h1>${named(heading)}</h1>
<p role="status">${explanation}</p>
<p><small>${hint.replace('{command}', '<code>npm run dev</code>')}</small></p>`,
    end: `<script>${script}</script>\n`,
  });
}

/** The same for a client that did not ask for a page. */
export function stoppedText(hostname: string): string {
  return `${hostname} is not running right now. Its server is stopped or still starting.\n`;
}

/** For what a development server offers to its developer alone. */
export function blockedPage(hostname: string, reason: string, part: ShieldPart): string {
  const name = escapeHtml(hostname);
  return page({
    language: 'en',
    title: `Not for visitors of ${name}`,
    head: '',
    main: `<h1>Visitors of ${name} may not see this</h1>
<p>${escapeHtml(reason)}</p>
<p><small>Is this your site? You reach it at <code>localhost</code>. If your site needs it, ask your teacher to add <code>${part}</code> to <code>allowForVisitors</code>.</small></p>`,
    end: '',
  });
}

/** Whether a request is the navigation of a person, not one for a script, an image or an API. */
export function wantsPage(
  method: string | undefined,
  headers: { accept?: string | undefined; 'sec-fetch-dest'?: string | string[] | undefined },
): boolean {
  const destination = headers['sec-fetch-dest'];
  const forPerson =
    destination === undefined || destination === 'document' || destination === 'iframe' || destination === 'frame';
  return method === 'GET' && forPerson && /\btext\/html\b/i.test(headers.accept ?? '');
}

/** Every part is HTML. */
export function page({
  language,
  title,
  head,
  main,
  end,
}: Readonly<Record<'language' | 'title' | 'head' | 'main' | 'end', string>>): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style>
${head}</head>
<body>
<main>
${main}
</main>
${end}</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
