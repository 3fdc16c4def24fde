// The second ports of reload tools (livereload, Vite in middleware mode) and browser-sync's own address: visitors reach the one
// hostname of the site alone, so requests are led to the second port and its address in pages becomes the site's. Pure.
import { Transform } from 'node:stream';
import type { IncomingHttpHeaders } from 'node:http';
import type { Listener } from '../shell/listeners.ts';
import type { Place, Target } from './forward.ts';
import { candidatesOf } from './target.ts';

type Ports = readonly [first: number, last: number];
const livereload: Ports = [35_729, 35_739];
/** Vite's WebSocket in middleware mode. */
const viteSocket: Ports = [24_678, 24_690];

const isIn = (port: number, [first, last]: Ports): boolean => port >= first && port <= last;

/** Of the listeners of a site's programs, those that only reload pages. */
export function reloadPorts(listeners: readonly Listener[]): Place[] {
  return candidatesOf(listeners.filter(({ port }) => isIn(port, livereload) || isIn(port, viteSocket)));
}

const livereloadScript = '/livereload.js';

/** The target of a request or an upgrade that belongs to a second port; undefined for one of the site itself. */
export function reloadTarget({ beside = [] }: Target, url: string, headers: IncomingHttpHeaders): Target | undefined {
  const path = url.split('?')[0];
  const isUpgrade = headers.upgrade !== undefined;
  const isVite = isUpgrade && /^vite-(hmr|ping)$/.test(headers['sec-websocket-protocol'] ?? '');
  const isLivereload = path === (isUpgrade ? '/livereload' : livereloadScript);
  const ports = isVite ? viteSocket : isLivereload ? livereload : undefined;
  return ports && beside.find(({ port }) => isIn(port, ports));
}

/** Replaces in a text; a match is at most `longest` characters. */
export type Rewrite = (text: string) => string;

/** Whether the response for a path may be a page or a script. */
const mayHoldText = (path: string): boolean => !/\.(?!html?$|[cm]?[jt]sx?$|vue$|svelte$)\w+$/.test(path);

/** A match may begin at the end of a chunk. Characters. */
const longest = 80;

/**
 * The change that the text of a response needs so that reloading works for visitors.
 * @param target the server that responds: the site's, or a second port's
 * @returns undefined for most responses
 */
export function reloadRewrite(site: URL, target: Target, url: string): Rewrite | undefined {
  const path = url.split('?')[0] ?? url;
  const sitePort = site.port || (site.protocol === 'https:' ? '443' : '80');
  if (isIn(target.port, livereload)) return (text) => text.replaceAll(/\b35729\b/g, sitePort);
  if (path === '/browser-sync/browser-sync-client.js')
    return (text) => text.replaceAll(/'https?:\/\/' \+ location\.hostname \+ ':\d+/g, "location.origin + '");
  if (target.server === 'Hugo')
    return (text) =>
      text
        .replaceAll(`http://localhost:${target.port}`, site.origin)
        .replaceAll(`port=${target.port}&amp;path=livereload`, `port=${sitePort}&amp;path=livereload`);
  const ports = (target.beside ?? []).map(({ port }) => String(port));
  if (ports.length === 0 || !mayHoldText(path)) return undefined;
  if (path.endsWith('/@vite/client'))
    return (text) =>
      text.replaceAll(/\bhmrPort = (\d+);/g, (found, port: string) =>
        ports.includes(port) ? 'hmrPort = null;' : found,
      );
  return (text) =>
    text.replaceAll(/(?:\/\/(?:localhost|127\.0\.0\.1))?:(\d{5})\/livereload\.js/g, (found, port: string) =>
      ports.includes(port) ? livereloadScript : found,
    );
}

/** A stream that rewrites while it passes; it holds back no more than one match. */
export function rewriteStream(rewrite: Rewrite): Transform {
  let held = '';
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // Latin-1 maps each byte to one character and back.
      const text = rewrite(held + chunk.toString('latin1'));
      const cut = Math.max(0, text.length - longest);
      held = text.slice(cut);
      done(null, Buffer.from(text.slice(0, cut), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(rewrite(held), 'latin1'));
    },
  });
}
