// "Email Address Obfuscation", which is on in new zones: the edge rewrites HTML that has an address in it, unless its Cache-Control
// says no-transform. A page that is hydrated in the browser then differs from what its script expects.
// https://developers.cloudflare.com/waf/tools/scrape-shield/email-address-obfuscation/
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const decoders = { gzip: createGunzip, br: createBrotliDecompress, deflate: createInflate };
const script = '<script data-cfasync="false" src="/cdn-cgi/scripts/email-decode.min.js"></script>';
/** Comments, elements whose text is left alone, other tags, and addresses. */
const token =
  /<!--[^]*?-->|<(script|style|textarea|noscript|title)\b[^]*?<\/\1\s*>|<[^>]*>|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;
/** The beginning of one of these, or of a word, at the end of a text. */
const unfinished = /<!--(?![^]*?-->)|<(script|style|textarea|noscript|title)\b(?![^]*?<\/\1\s*>)|<[^>]*$|[^\s<>]+$/i;

/** Makes an answer stream to the visitor through the obfuscation, if it is HTML that may be changed. Call it before the headers are sent. */
export function obfuscateEmail(answer: IncomingMessage): void {
  const { headers } = answer;
  const encoding = headers['content-encoding']?.toLowerCase();
  const decode =
    encoding === undefined || encoding === 'identity' ? undefined : decoders[encoding as keyof typeof decoders];
  if (!headers['content-type']?.toLowerCase().startsWith('text/html')) return;
  if (headers['cache-control']?.toLowerCase().includes('no-transform')) return;
  if (answer.statusCode === 304 || (encoding !== undefined && !decode)) return;
  delete headers['content-length'];
  delete headers['content-encoding'];
  const pipe = answer.pipe.bind(answer);
  // The proxy pipes the answer into the response, which gets the changed text instead.
  answer.pipe = <T extends NodeJS.WritableStream>(response: T): T => {
    const changed = obfuscation();
    if (decode) pipe(decode().on('error', () => answer.destroy())).pipe(changed);
    else pipe(changed);
    return changed.pipe(response);
  };
}

/** Rewrites HTML that comes in pieces; what may go on in the next piece is held back. */
function obfuscation(): Transform {
  let held = '';
  let found = false;
  const rewrite = (html: string) => {
    const changed = obfuscateHtml(html);
    found ||= changed !== html;
    return changed;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const html = held + chunk.toString('latin1'); // byte by byte: a character may be split between pieces
      const end = unfinished.exec(html)?.index ?? html.length;
      held = html.slice(end);
      done(null, Buffer.from(rewrite(html.slice(0, end)), 'latin1'));
    },
    flush(done) {
      const rest = rewrite(held);
      done(null, Buffer.from(found ? rest + script : rest, 'latin1'));
    },
  });
}

/** @param html complete in itself: no comment, tag or address is cut off at its end */
export function obfuscateHtml(html: string): string {
  return html.replace(token, (text, _element, offset: number) => {
    if (text.startsWith('<'))
      return text.replace(/href=(["'])mailto:([^"'?]+)/i, (_link, quote: string, address: string) => {
        return `href=${quote}/cdn-cgi/l/email-protection#${encode(address)}`;
      });
    if (html[offset - 1] === '/') return text; // a path or an address of a page, such as https://host/@name
    return `<span class="__cf_email__" data-cfemail="${encode(text)}">[email&#160;protected]</span>`;
  });
}

/** A key of one byte, and each character XORed with it, in hexadecimal. */
function encode(address: string): string {
  const key = 0x2a;
  return [key, ...Buffer.from(address, 'latin1').map((byte) => byte ^ key)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
