// The relay's changes to the headers of a request and of a response. Pure.
import type { IncomingHttpHeaders } from 'node:http';
import { rowOf } from './devServers.ts';
import type { Target } from './forward.ts';
import type { Names } from './names.ts';

/** Headers about one connection: each of the relay's two connections makes its own. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'expect'];

/** For Cloudflare's edge alone, which removes it: browsers cache as the server says, the edge stores nothing. */
const edgeStoresNothing = { 'cloudflare-cdn-cache-control': 'no-store' };

const html = /^\s*(text\/html|application\/xhtml\+xml)\b/i;
const scriptOrStyle = /javascript|ecmascript|typescript|text\/css|wasm/i;

/**
 * The headers that the dev server gets.
 *
 * By public names they are those of a plain tunnel: Host, Origin and Referer as the visitor's browser sent them, and
 * X-Forwarded-Host and -Proto with the public address.
 *
 * By local names, Host, Origin and Referer name the student's own machine, so that a server that serves only `localhost`
 * responds. Origin is changed only when it is the site's: pages of other sites stay foreign, and the server's own
 * protection against them keeps working. Beside a changed Origin, X-Forwarded-Host and -Proto are left out: frameworks
 * compare the two (Next.js the host in server actions, React Router the scheme too) and would reject the site's own forms.
 */
export function headersForServer(
  headers: IncomingHttpHeaders,
  site: URL,
  { port, server, secure }: Pick<Target, 'port' | 'server' | 'secure'>,
  names: Names,
): IncomingHttpHeaders {
  const host = names === 'public' ? site.host : `localhost:${port}`;
  const scheme = secure ? 'https' : 'http';
  const changed: IncomingHttpHeaders = {
    ...headers,
    host,
    'x-forwarded-proto': site.protocol.slice(0, -1),
    'x-forwarded-host': site.host,
  };
  if (headers.upgrade === undefined) for (const name of hopByHop) Reflect.deleteProperty(changed, name);
  if (names === 'public' && rowOf(server)?.ignoresForwardedScheme !== true) return changed;
  if (headers.origin === site.origin) {
    changed.origin = `${scheme}://${host}`;
    delete changed['x-forwarded-host'];
    delete changed['x-forwarded-proto'];
  }
  if (headers.referer?.startsWith(`${site.origin}/`))
    changed.referer = `${scheme}://${host}${headers.referer.slice(site.origin.length)}`;
  return changed;
}

/** Headers that hold one address, or begin with it. */
const addressHeaders = [
  ...['location', 'content-location', 'access-control-allow-origin', 'sourcemap', 'x-sourcemap'],
  ...['x-action-redirect', 'hx-location', 'hx-redirect', 'hx-push-url', 'hx-replace-url', 'x-inertia-location'],
];
/** Headers with addresses between other text. */
const textHeaders = ['refresh', 'link', 'content-security-policy', 'content-security-policy-report-only'];

/**
 * The headers that the visitor gets: addresses of the local server become the site's, and the edge neither stores nor
 * rewrites.
 * @param insecureLinks the server's pages link to `http://` and the site's hostname; browsers are told to use HTTPS
 */
export function headersForVisitor(
  headers: IncomingHttpHeaders,
  site: URL,
  port: number,
  insecureLinks = false,
): IncomingHttpHeaders {
  const changed: IncomingHttpHeaders = { ...headers, ...edgeStoresNothing };
  for (const name of hopByHop) Reflect.deleteProperty(changed, name);
  const local = localAddress(site, port);
  for (const [names, start] of [
    [addressHeaders, '^'],
    [textHeaders, '(?<=^|[\\s<"\',;]|url=)'],
  ] as const) {
    const pattern = new RegExp(start + local, 'gi');
    for (const name of names) {
      const value = headers[name];
      if (typeof value === 'string') changed[name] = value.replace(pattern, (found) => publicOrigin(found, site));
    }
  }
  if (headers['set-cookie'] !== undefined) changed['set-cookie'] = headers['set-cookie'].map(withoutLocalDomain);
  if (insecureLinks && site.protocol === 'https:' && html.test(headers['content-type'] ?? '')) {
    const policies = [changed['content-security-policy'] ?? [], 'upgrade-insecure-requests'].flat();
    changed['content-security-policy'] = policies.join(', '); // a policy of its own, beside the server's
  }
  const caching = cacheControl(headers['cache-control'], headers['content-type'] ?? '');
  if (caching !== undefined) changed['cache-control'] = caching;
  return changed;
}

/**
 * Scripts and styles without a rule are revalidated each time. HTML gets `no-transform`: the edge's e-mail obfuscation and
 * Rocket Loader rewrite pages without it, which breaks hydration.
 */
function cacheControl(given: string | undefined, type: string): string | undefined {
  if (html.test(type)) {
    if (given === undefined || given.trim() === '') return 'no-transform';
    return /\bno-transform\b/i.test(given) ? given : `${given}, no-transform`;
  }
  return given ?? (scriptOrStyle.test(type) ? 'no-cache' : undefined);
}

/**
 * Matches the origin of the local server: by each of its names with its port, by a name without a port (a server that left
 * it out of Host), and the site's own by HTTP, from a server that does not read X-Forwarded-Proto.
 */
function localAddress({ host }: URL, port: number): string {
  const local = String.raw`(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::${port})?`;
  const insecure = String.raw`(?:http|ws)://${host.replaceAll('.', String.raw`\.`)}`;
  return String.raw`(?:(?:(?:https?|wss?):)?//${local}|${insecure})(?=$|[/?#\s"'<>,;])`;
}

function publicOrigin(found: string, { host, protocol, origin }: URL): string {
  return found.startsWith('ws') ? `${protocol === 'https:' ? 'wss' : 'ws'}://${host}` : origin;
}

/** A cookie without a domain belongs to the host that the visitor requested. */
function withoutLocalDomain(cookie: string): string {
  return cookie.replace(/;\s*domain=\.?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?=;|$)/i, '');
}
