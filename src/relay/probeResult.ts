// Judges the answers to a probe: does a visitor who uses the public hostname get the site? Pure.
import { textOf, type Words } from '../messages/texts.ts';
import { devServers, rowOf } from './devServers.ts';
import type { DevServerName, SocketPlan } from './devServers.ts';

/** The response to one request of the probe. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As much of the body as the probe reads. */
  body: string;
}

/** The result of opening a WebSocket. */
export interface SocketReply {
  /** 0 when the server sent something that is not HTTP. */
  readonly status: number;
  /** The beginning of what the server sent over it. */
  readonly data: string;
}

export interface ProbeAnswers {
  readonly site: URL;
  /** As its processes say; undefined when they do not tell. */
  readonly server: DevServerName | undefined;
  /** Undefined when none came in time. */
  readonly page: Reply | undefined;
  /** The base path at which the page was found, if not at `/`. */
  readonly path?: string | undefined;
  /** Undefined when no WebSocket is known for the server, or none of those it may have answered. */
  readonly socket: SocketReply | undefined;
}

/** Why a server turns visitors away, and the line that changes it. */
export interface Refusal {
  readonly server: Words;
  /** A sentence without its full stop. */
  readonly why: Words;
  /** The file of the project in which `fix` is the line to add. */
  readonly file: Words;
  readonly fix: Words;
}

export type ProbeResult =
  | { readonly kind: 'live'; readonly path?: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'silent'; readonly server: Words }
  | ({ readonly kind: 'refuses' } & Refusal);

const theServer = textOf('The server');
/** Statuses with which a server rejects a WebSocket because of its Host or Origin; with others it only says that none exists. */
const rejected = new Set([400, 401, 403]);
/** webpack-dev-server before version 5 refuses with status 200 and these words alone; any other page may quote them. */
const refusalAsPage = /^\s*Invalid Host header\s*$/;

/** A reply that tells nothing about hostnames counts as live: it is what the student's own code answers. */
export function resultOfProbe({ site, server, page, path, socket }: ProbeAnswers): ProbeResult {
  if (page === undefined) return { kind: 'silent', server: server ?? theServer };
  if (isStoppedPage(page, site)) return { kind: 'stopped' };
  const name = server ?? serverOfPage(page);
  const { hostname } = site;
  if (refusesHost(page)) return refusal(name, site, textOf('It does not serve pages for {hostname}', { hostname }));
  const refused = socket && refusedSocket(socket);
  return refused === undefined
    ? { kind: 'live', ...(path !== undefined && { path }) }
    : refusal(name, site, textOf("It refuses its page's WebSocket from {hostname} ({refused})", { hostname, refused }));
}

/**
 * The WebSockets that the page may open; empty when the server is unknown or has none. Of several, one exists.
 * @param script the text of Vite's client, when the page loads it
 */
export function planSockets(
  server: DevServerName | undefined,
  page: Reply,
  script: string | undefined,
): readonly SocketPlan[] {
  if (script !== undefined) {
    const base = /\bbase = "([^"]*)"/.exec(script)?.[1] ?? '/';
    const token = /\bwsToken = "([^"]*)"/.exec(script)?.[1]; // since Vite 6.0.9
    return [{ path: token === undefined ? base : `${base}?token=${token}`, protocol: 'vite-hmr' }];
  }
  return rowOf(server ?? serverOfPage(page))?.sockets ?? [];
}

/** The address from which the page loads Vite's client. Every tool that is built on Vite does, some under a base path. */
export function viteClientPath(page: Reply): string | undefined {
  return /["'(]([^"'()\s]*\/@vite\/client)["')?]/.exec(page.body)?.[1];
}

/** Whether the relay's own page answered, which says that no server runs. */
function isStoppedPage({ status, body, headers }: Reply, { hostname }: URL): boolean {
  return status === 503 && body.includes(hostname) && headers['cloudflare-cdn-cache-control'] === 'no-store';
}

/** The dev server that a page tells of. */
export function serverOfPage({ headers, body }: Reply): DevServerName | undefined {
  const poweredBy = String(headers['x-powered-by'] ?? '');
  return devServers.find(({ page }) => page?.poweredBy?.test(poweredBy) === true || page?.body.test(body) === true)
    ?.name;
}

/** Whether a dev server of the table says that it does not serve this hostname. */
export function refusesHost({ status, body }: Reply): boolean {
  if (status < 300) return refusalAsPage.test(body);
  return status < 500 && devServers.some(({ refusal }) => refusal?.page?.test(body) === true);
}

/** How a WebSocket was refused, in the server's words; undefined when it was not. */
function refusedSocket({ status, data }: SocketReply): string | undefined {
  if (rejected.has(status)) return String(status);
  const words = devServers.map(({ refusal }) => refusal?.socket?.exec(data)?.[0]);
  return words.find((found) => found !== undefined);
}

function refusal(server: DevServerName | undefined, { hostname }: URL, why: Words): ProbeResult {
  const fix = rowOf(server)?.fix(hostname) ?? {
    file: textOf('the configuration of your server'),
    fix: textOf('allow the host {hostname}', { hostname }),
  };
  return { kind: 'refuses', server: server ?? theServer, why, ...fix };
}
