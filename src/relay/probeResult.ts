// Whether a site is really live: what a visitor's browser was answered at the public name, and what that means. Pure.
import type { DevServerName } from './devServers.ts';

/** An answer to one request of the probe; undefined where none came in time. */
export interface Reply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As much of the body as the probe reads. */
  body: string;
}

/** What came of opening a WebSocket; `said` is the beginning of what the server sent over it. */
export interface SocketReply {
  /** 0 where the server sent words without any HTTP. */
  status: number;
  said: string;
}

/** A WebSocket that a dev server's own script opens in the visitor's browser. */
export interface SocketPlan {
  path: string;
  protocol?: string;
}

export interface ProbeAnswers {
  site: URL;
  /** As the processes say; the page may know better. */
  server: DevServerName | undefined;
  page: Reply | undefined;
  /** Undefined where the server has no WebSocket that is known, or none of those that it may have answered. */
  socket: SocketReply | undefined;
}

/** Why a server keeps visitors out: `mend` is the exact line, and `file` the file of the student's project that it belongs into. */
export interface Refusal {
  readonly server: string;
  /** Goes on after the server's name: "it …". */
  readonly why: string;
  readonly file: string;
  readonly mend: string;
}

export type ProbeResult =
  { kind: 'live' } | { kind: 'stopped' } | { kind: 'silent'; server: string } | ({ kind: 'refuses' } & Refusal);

/** With these, and no others, servers refuse a WebSocket for its names: Vite with 400. With a 404 or a page they only say that none is there. */
const REFUSING = new Set([400, 401, 403]);
/** The words of webpack-dev-server, in an opened WebSocket, and of Next.js, instead of an answer. */
const REFUSING_WORDS = /Invalid Host\/Origin header|^Unauthorized/;

/** How long a page may take is the probe's business; here silence is silence. What cannot be judged, and answers anything, is live. */
export function judgeProbe({ site, server, page, socket }: ProbeAnswers): ProbeResult {
  if (page === undefined) return { kind: 'silent', server: server ?? 'The server' };
  const name = server ?? nameByPage(page);
  if (
    page.status === 503 &&
    page.body.includes(site.hostname) &&
    page.headers['cloudflare-cdn-cache-control'] === 'no-store'
  )
    return { kind: 'stopped' };
  if (isHostRefusal(page)) return refuses(name, site, `it does not serve pages for ${site.hostname}`);
  if (socket === undefined) return { kind: 'live' };
  const refusal = REFUSING.has(socket.status) ? String(socket.status) : REFUSING_WORDS.exec(socket.said)?.[0];
  return refusal === undefined
    ? { kind: 'live' }
    : refuses(name, site, `it refuses its page's WebSocket from ${site.hostname} (${refusal})`);
}

/**
 * The WebSocket that the page will open, as far as that can be known; none where the server is unknown or has none. Of several,
 * one is there: it moved between versions. `script` is Vite's client where the page has one.
 */
export function planSockets(server: DevServerName | undefined, page: Reply, script: string | undefined): SocketPlan[] {
  if (script !== undefined) {
    const base = /\bbase = "([^"]*)"/.exec(script)?.[1] ?? '/';
    const token = /\bwsToken = "([^"]*)"/.exec(script)?.[1]; // since Vite 6.0.9
    return [{ path: token === undefined ? base : `${base}?token=${token}`, protocol: 'vite-hmr' }];
  }
  const name = server ?? nameByPage(page);
  if (name === 'Next.js') return [{ path: '/_next/hmr' }, { path: '/_next/webpack-hmr' }];
  if (name === 'webpack-dev-server' || name === 'Create React App') return [{ path: '/ws' }];
  return [];
}

/** Where the page loads Vite's client from; every tool that is built on Vite does, under a base path of its own. */
export function viteClientPath(page: Reply): string | undefined {
  return /["'(]([^"'()\s]*\/@vite\/client)["')?]/.exec(page.body)?.[1];
}

function nameByPage(page: Reply): DevServerName | undefined {
  if (/next\.js/i.test(String(page.headers['x-powered-by'] ?? '')) || page.body.includes('/_next/static/'))
    return 'Next.js';
  if (/Blocked request\. This host/.test(page.body) || viteClientPath(page) !== undefined) return 'Vite';
  if (page.body.trim() === 'Invalid Host header') return 'webpack-dev-server';
  return undefined;
}

/** The refusals of Vite (and what is built on it), webpack-dev-server and Angular, which all say that it is about the host. */
function isHostRefusal({ status, body }: Reply): boolean {
  if (status < 300) return body.trim() === 'Invalid Host header'; // webpack-dev-server before 5; a page may well speak of such words
  return (
    status < 500 && /Blocked request\. This host|Invalid Host header|URL with hostname .* is not allowed/i.test(body)
  );
}

function refuses(server: DevServerName | undefined, { hostname }: URL, why: string): ProbeResult {
  const { file, mend } =
    server === undefined
      ? { file: 'the configuration of your server', mend: `allow the host ${hostname}` }
      : mendFor(server, hostname);
  return { kind: 'refuses', server: server ?? 'The server', why, file, mend };
}

function mendFor(server: DevServerName, hostname: string): { file: string; mend: string } {
  const list = `allowedHosts: ['${hostname}']`;
  switch (server) {
    case 'Vite':
    case 'React Router':
      return { file: 'vite.config.js', mend: `server: { ${list} },` };
    case 'Astro':
      return { file: 'astro.config.mjs', mend: `server: { ${list} },` };
    case 'Nuxt':
      return { file: 'nuxt.config.ts', mend: `vite: { server: { ${list} } },` };
    case 'Angular':
      return { file: 'angular.json, at "serve" › "options"', mend: `"allowedHosts": ["${hostname}"]` };
    case 'webpack-dev-server':
      return {
        file: 'webpack.config.js',
        mend: `devServer: { ${list}, client: { webSocketURL: 'auto://0.0.0.0:0/ws' } },`,
      };
    case 'Create React App':
      return { file: '.env', mend: 'DANGEROUSLY_DISABLE_HOST_CHECK=true' };
    case 'Next.js':
      return { file: 'next.config.js', mend: `allowedDevOrigins: ['${hostname}'],` };
    case 'Parcel':
      return { file: 'package.json', mend: '"start": "parcel --hmr-hostname ' + hostname + '"' };
  }
}
