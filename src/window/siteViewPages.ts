// The pages of the views of a site: its QR code and its visitors. They run no script and load nothing. Pure.
import { languageName, t } from '../messages/texts.ts';
import type { Visitors } from '../relay/visitors.ts';
import type { Publication } from './site/siteState.ts';

const policy = "default-src 'none'; style-src 'unsafe-inline'";
const style = `body { font-family: var(--vscode-font-family); padding: 1rem; }
.code { background: #fff; max-width: 24rem; } table { border-collapse: collapse; }
td, th { text-align: left; padding: 0.1rem 1rem 0.1rem 0; } td { font-family: var(--vscode-editor-font-family); }`;

/** @param svg the QR code, as trusted markup */
export function qrCodePage({ hostname, url }: Publication, svg: string): string {
  return page(
    hostname,
    `<div class="code" role="img" aria-label="${escapeHtml(t('QR code of {url}', { url }))}">${svg}</div>
<p><a href="${escapeHtml(url)}">${escapeHtml(url)}</a></p>`,
  );
}

export function visitorsPage({ hostname }: Publication, visitors: Visitors): string {
  const rows = visitors.last.map(
    ({ method, path, status, time }) =>
      `<tr><td>${new Date(time).toLocaleTimeString(languageName())}</td><td>${escapeHtml(method)}</td><td>${escapeHtml(path)}</td><td>${status}</td></tr>`,
  );
  const heads = [t('Time'), t('Method'), t('Path'), t('Status')];
  return page(
    t('Visitors of {hostname}', { hostname }),
    `<p>${countText(visitors)}. ${t('Requests: {count}.', { count: visitors.requests })}</p>
<table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

/** The numbers of visitors in words. */
export const countText = ({ now, inAll }: Visitors): string => t('Visitors: {now} now, {inAll} in all', { now, inAll });

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="${languageName()}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><h1>${escapeHtml(title)}</h1>${body}</body></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
