// Cloudflare's default cache rules: they go by the file's extension, and keep a script that says nothing about caching for two
// hours. https://developers.cloudflare.com/cache/concepts/default-cache-behavior/
import type { IncomingHttpHeaders } from 'node:http';

const cachedExtensions = new Set(
  `7z apk avi avif bin bmp bz2 class css csv dmg doc docx ejs eot eps exe flac gif gz ico iso jar jpeg jpg js mid midi mkv mp3 mp4
  ogg otf pdf pict pls png ppt pptx ps rar svg svgz swf tar tif tiff ttf webm webp woff woff2 xls xlsx zip zst`.split(
    /\s+/,
  ),
);

/** Seconds for which an answer without Cache-Control and Expires is kept, by its status. */
const defaultTtl = new Map([
  [200, 7200],
  [206, 7200],
  [301, 7200],
  [302, 1200],
  [303, 1200],
  [404, 180],
  [410, 180],
]);

export interface CacheDecision {
  /** The value of CF-Cache-Status. */
  status: 'DYNAMIC' | 'BYPASS' | 'MISS';
  /** The time for which the edge keeps the answer; 0 if it does not. */
  ttlSeconds: number;
  /** The origin said nothing, so the edge's default applies, also to browsers. */
  byDefault: boolean;
}

/** Whether requests for this path are looked up in the cache at all. */
export function isCacheable(method: string, path: string): boolean {
  const extension = /\.([a-z0-9]+)$/i.exec(path.split('?', 1)[0] ?? '')?.[1]?.toLowerCase();
  return (method === 'GET' || method === 'HEAD') && extension !== undefined && cachedExtensions.has(extension);
}

/** Decides about the origin's answer to a request that `isCacheable`. */
export function decide(
  request: IncomingHttpHeaders,
  status: number,
  answer: IncomingHttpHeaders,
  now: number,
): CacheDecision {
  const bypass = { status: 'BYPASS', ttlSeconds: 0, byDefault: false } as const;
  const explicit = answer['cloudflare-cdn-cache-control'] ?? answer['cdn-cache-control'] ?? answer['cache-control'];
  const directives = parseDirectives(explicit);
  if (answer['set-cookie'] !== undefined) return bypass;
  if (['private', 'no-store', 'no-cache'].some((name) => directives.has(name))) return bypass;
  if (
    request.authorization !== undefined &&
    !['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name))
  )
    return bypass;
  const age = directives.get('s-maxage') ?? directives.get('max-age');
  const expires =
    age === undefined && answer.expires !== undefined
      ? Math.floor((Date.parse(answer.expires) - now) / 1000) || 0
      : undefined;
  const said = age === undefined ? expires : Number(age) || 0;
  const ttlSeconds = said ?? defaultTtl.get(status) ?? 0;
  if (ttlSeconds <= 0) return bypass;
  return { status: 'MISS', ttlSeconds, byDefault: said === undefined };
}

function parseDirectives(header: string | string[] | undefined): Map<string, string> {
  const parts = String(header ?? '')
    .toLowerCase()
    .split(',');
  return new Map(
    parts.map((part) => part.trim().split('=', 2)).map(([name = '', value = '']) => [name, value.replaceAll('"', '')]),
  );
}
