// What the relay changes in a message's head, in both directions. Pure.
import type { IncomingHttpHeaders } from 'node:http';

/** Heads that say something about one connection only: the relay's two connections each make their own. */
const ONE_CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'expect'];

/** Said to Cloudflare's edge alone, which removes it: browsers keep caching as the server says, the edge caches nothing. */
const EDGE_STORES_NOTHING = { 'cloudflare-cdn-cache-control': 'no-store' };

const SCRIPT_OR_STYLE = /javascript|ecmascript|typescript|text\/css|wasm/i;

/**
 * The heads that the dev server gets: all names in them are the ones of the student's own machine, so that a server that
 * serves only `localhost` answers. The Origin is changed only where it is the site itself: a page of another site
 * stays a stranger, and the server's own protection against it goes on working.
 *
 * X-Forwarded-Host and -Proto tell the public address to who asks for it, except beside a changed Origin: frameworks compare
 * the two (Next's server actions the names, React Router's actions the scheme too) and would refuse the site's own forms.
 */
export function headersForServer(headers: IncomingHttpHeaders, site: URL, port: number): IncomingHttpHeaders {
  const local = `localhost:${port}`;
  const changed: IncomingHttpHeaders = {
    ...headers,
    host: local,
    'x-forwarded-proto': site.protocol.slice(0, -1),
    'x-forwarded-host': site.host,
  };
  if (headers.upgrade === undefined) for (const name of ONE_CONNECTION) Reflect.deleteProperty(changed, name);
  if (headers.origin === site.origin) {
    changed.origin = `http://${local}`;
    delete changed['x-forwarded-host'];
    delete changed['x-forwarded-proto'];
  }
  if (headers.referer?.startsWith(`${site.origin}/`))
    changed.referer = `http://${local}${headers.referer.slice(site.origin.length)}`;
  return changed;
}

/** The heads that the visitor gets: where they name the local server they name the site, and the edge is told to keep nothing. */
export function headersForVisitor(headers: IncomingHttpHeaders, site: URL, port: number): IncomingHttpHeaders {
  const changed: IncomingHttpHeaders = { ...headers, ...EDGE_STORES_NOTHING };
  for (const name of ONE_CONNECTION) Reflect.deleteProperty(changed, name);
  if (headers.location !== undefined) changed.location = publicUrl(headers.location, site, port);
  const allowed = headers['access-control-allow-origin'];
  if (allowed !== undefined) changed['access-control-allow-origin'] = publicUrl(allowed, site, port);
  if (headers['set-cookie'] !== undefined) changed['set-cookie'] = headers['set-cookie'].map(withoutLocalDomain);
  if (headers['cache-control'] === undefined && SCRIPT_OR_STYLE.test(headers['content-type'] ?? ''))
    changed['cache-control'] = 'no-cache';
  return changed;
}

/** An absolute URL of the local server becomes the same place on the site; everything else stays as it is. */
function publicUrl(url: string, site: URL, port: number): string {
  const local = /^(?:https?:)?\/\/(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)(?=$|[/?#])/i.exec(url);
  return local !== null && Number(local[1]) === port ? site.origin + url.slice(local[0].length) : url;
}

/** A cookie for the local machine becomes one for the host that the visitor asked, which is what it is without a domain. */
function withoutLocalDomain(cookie: string): string {
  return cookie.replace(/;\s*domain=\.?(?:localhost|127\.0\.0\.1)(?=;|$)/i, '');
}
