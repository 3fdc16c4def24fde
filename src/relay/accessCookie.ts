// The cookie of a visitor who knows the passphrase: `EXPIRY.SIGNATURE`, bound to one site and one passphrase. Pure.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Access } from './accessControl.ts';

/** Seconds. */
const lifetime = 30 * 24 * 3_600;

/** The prefix makes browsers refuse one that another host set. They know it on HTTPS sites alone. */
export function cookieName(site: URL): string {
  return `${site.protocol === 'https:' ? '__Host-' : ''}classroom-tunnel`;
}

/** The value of a Set-Cookie header. @param now milliseconds since 1970 */
export function setCookie(site: URL, access: Access, now: number): string {
  return `${cookiePair(site, access, now)}; Max-Age=${lifetime}; Path=/; HttpOnly; Secure; SameSite=Lax`;
}

/** `NAME=VALUE`, as a browser sends it. */
export function cookiePair(site: URL, access: Access, now: number): string {
  const expiry = String(Math.floor(now / 1000) + lifetime);
  return `${cookieName(site)}=${expiry}.${sign(site, access, expiry)}`;
}

/** Whether a Cookie header has a cookie of this site that is valid. */
export function hasValidCookie(header: string | undefined, site: URL, access: Access, now: number): boolean {
  const name = `${cookieName(site)}=`;
  const values = pairsOf(header).flatMap((pair) => (pair.startsWith(name) ? [pair.slice(name.length)] : []));
  return values.some((value) => {
    const [, expiry, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
    if (expiry === undefined || signature === undefined || Number(expiry) * 1000 <= now) return false;
    return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(site, access, expiry)));
  });
}

/** The Cookie header without the relay's own cookie; undefined if nothing is left. */
export function withoutCookie(header: string | undefined, site: URL): string | undefined {
  return (
    pairsOf(header)
      .filter((pair) => !pair.startsWith(`${cookieName(site)}=`))
      .join('; ') || undefined
  );
}

const pairsOf = (header: string | undefined): string[] =>
  (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');

function sign(site: URL, { hash, key }: Access, expiry: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64'))
    .update(JSON.stringify([site.hostname, expiry, hash]))
    .digest('base64url');
}
