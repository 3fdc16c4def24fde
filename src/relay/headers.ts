// The relay's changes to the headers of a request and of a response. Pure.
import type { IncomingHttpHeaders } from 'node:http';

/** Headers about one connection: each of the relay's two connections makes its own. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'expect'];

/** For Cloudflare's edge alone, which removes it: browsers cache as the server says, the edge stores nothing. */
const edgeStoresNothing = { 'cloudflare-cdn-cache-control': 'no-store' };

const scriptOrStyle = /javascript|ecmascript|typescript|text\/css|wasm/i;

/**
 * The headers that the dev server gets. Host, Origin and Referer name the student's own machine, so that a server that
 * serves only `localhost` responds. Origin is changed only when it is the site's: pages of other sites stay foreign, and
 * the server's own protection against them keeps working.
 *
 * X-Forwarded-Host and -Proto give the public address, except beside a changed Origin: frameworks compare the two (Next.js
 * the host in server actions, React Router the scheme too) and would reject the site's own forms.
 */
export function headersForServer(headers: IncomingHttpHeaders, site: URL, port: number): IncomingHttpHeaders {
  const local = `localhost:${port}`;
  const changed: IncomingHttpHeaders = {
    ...headers,
    host: local,
    'x-forwarded-proto': site.protocol.slice(0, -1),
    'x-forwarded-host': site.host,
  };
  if (headers.upgrade === undefined) for (const name of hopByHop) Reflect.deleteProperty(changed, name);
  if (headers.origin === site.origin) {
    changed.origin = `http://${local}`;
    delete changed['x-forwarded-host'];
    delete changed['x-forwarded-proto'];
  }
  if (headers.referer?.startsWith(`${site.origin}/`))
    changed.referer = `http://${local}${headers.referer.slice(site.origin.length)}`;
  return changed;
}

/** The headers that the visitor gets: names of the local server become the site's, and the edge neither stores nor rewrites. */
export function headersForVisitor(headers: IncomingHttpHeaders, site: URL, port: number): IncomingHttpHeaders {
  const changed: IncomingHttpHeaders = { ...headers, ...edgeStoresNothing };
  for (const name of hopByHop) Reflect.deleteProperty(changed, name);
  if (headers.location !== undefined) changed.location = publicUrl(headers.location, site, port);
  const allowed = headers['access-control-allow-origin'];
  if (allowed !== undefined) changed['access-control-allow-origin'] = publicUrl(allowed, site, port);
  if (headers['set-cookie'] !== undefined) changed['set-cookie'] = headers['set-cookie'].map(withoutLocalDomain);
  const caching = cacheControl(headers['cache-control'], headers['content-type'] ?? '');
  if (caching !== undefined) changed['cache-control'] = caching;
  return changed;
}

/**
 * Scripts and styles without a rule are revalidated each time. HTML gets `no-transform`: the edge's e-mail obfuscation and
 * Rocket Loader rewrite pages without it, which breaks hydration.
 */
function cacheControl(given: string | undefined, type: string): string | undefined {
  if (/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(type)) {
    if (given === undefined || given.trim() === '') return 'no-transform';
    return /\bno-transform\b/i.test(given) ? given : `${given}, no-transform`;
  }
  return given ?? (scriptOrStyle.test(type) ? 'no-cache' : undefined);
}

/** An absolute URL of the local server becomes the same path on the site; every other URL stays as it is. */
function publicUrl(url: string, site: URL, port: number): string {
  const local = /^(?:https?:)?\/\/(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)(?=$|[/?#])/i.exec(url);
  return local !== null && Number(local[1]) === port ? site.origin + url.slice(local[0].length) : url;
}

/** A cookie without a domain belongs to the host that the visitor requested. */
function withoutLocalDomain(cookie: string): string {
  return cookie.replace(/;\s*domain=\.?(?:localhost|127\.0\.0\.1)(?=;|$)/i, '');
}
