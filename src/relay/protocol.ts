// The messages between the window and its relay: one JSON object for each line, in either direction.
import { isIP } from 'node:net';
import type { Access } from './accessControl.ts';
import { isDevServerName } from './devServers.ts';
import type { Place, Target } from './forward.ts';
import type { LocalLink } from './localLinks.ts';
import type { Visitors } from './visitors.ts';
import type { Blocked } from './relay.ts';
import { isShieldPart } from './shield.ts';

/** `{"target": {"port": 5173, "address": "::1", "root": "/home/…"}, "server": "Vite"}`, or `{"target": null}` when no server runs. */
export interface Instruction {
  readonly target: Target | null;
}

export function instructionLine(target: Target | null): string {
  const { server, ...place } = target ?? {};
  return `${JSON.stringify({ target: target && place, server })}\n`;
}

/**
 * Accepts IP addresses and ports from 1 to 65535 only. An unknown server's name is left out, and a root that is no
 * absolute path.
 * @returns undefined for a line of another form: a newer window may write what an older relay does not know
 */
export function parseInstruction(line: string): Instruction | undefined {
  const given = parseObject(line);
  if (given === undefined || !('target' in given)) return undefined;
  if (given['target'] === null) return { target: null };
  const place = parsePlace(given['target']);
  if (place === undefined) return undefined;
  const { root, beside } = given['target'] as Record<string, unknown>;
  const places = Array.isArray(beside) ? beside.flatMap((one) => parsePlace(one) ?? []) : [];
  const { server } = given;
  return {
    target: {
      ...place,
      ...(isDevServerName(server) && { server }),
      ...(typeof root === 'string' && root.startsWith('/') && { root }),
      ...(places.length > 0 && { beside: places }),
    },
  };
}

function parsePlace(value: unknown): Place | undefined {
  const { port, address } = (value ?? {}) as Record<string, unknown>;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  if (typeof address !== 'string' || isIP(address) === 0) return undefined;
  return { port, address };
}

/** Tells the relay who may see its site; undefined: everyone. */
export function accessLine(access: Access | undefined): string {
  return `${JSON.stringify({ access: access ?? null })}\n`;
}

/** @returns undefined for a line of another form */
export function parseAccess(line: string): { readonly access: Access | undefined } | undefined {
  const given = parseObject(line);
  if (given === undefined || !('access' in given)) return undefined;
  if (given['access'] === null) return { access: undefined };
  const { hash, key } = given['access'] as Record<string, unknown>;
  if (typeof key !== 'string' || key === '') return undefined;
  return { access: { hash: typeof hash === 'string' ? hash : null, key } };
}

/** The relay's first line. */
export function listeningLine(path: string): string {
  return `${JSON.stringify({ listening: path })}\n`;
}

/** Longer targets are cut. Characters. */
const maxTarget = 200;

export function blockedLine({ part, target }: Blocked): string {
  return `${JSON.stringify({ blocked: { part, target: target.slice(0, maxTarget) } })}\n`;
}

/** @returns undefined for a line of another form */
export function parseBlocked(line: string): Blocked | undefined {
  const blocked = parseObject(line)?.['blocked'] as { part?: unknown; target?: unknown } | null | undefined;
  const { part, target } = blocked ?? {};
  if (typeof part !== 'string' || !isShieldPart(part) || typeof target !== 'string') return undefined;
  return { part, target };
}

export function localLinkLine({ address, path, inPage }: LocalLink): string {
  return `${JSON.stringify({ localLink: { address, path: path.slice(0, maxTarget), inPage } })}\n`;
}

/** @returns undefined for a line of another form */
export function parseLocalLink(line: string): LocalLink | undefined {
  const { address, path, inPage } = (parseObject(line)?.['localLink'] ?? {}) as Record<string, unknown>;
  if (typeof address !== 'string' || typeof path !== 'string') return undefined;
  return { address, path, inPage: inPage === true };
}

export function visitorsLine(visitors: Visitors): string {
  return `${JSON.stringify({ visitors })}\n`;
}

/** @returns undefined for a line of another form */
export function parseVisitors(line: string): Visitors | undefined {
  const given = parseObject(line)?.['visitors'] as Partial<Record<keyof Visitors, unknown>> | null | undefined;
  const { now, inAll, requests, last } = given ?? {};
  if (typeof now !== 'number' || typeof inAll !== 'number' || typeof requests !== 'number' || !Array.isArray(last))
    return undefined;
  return { now, inAll, requests, last: last as Visitors['last'] };
}

/** Tells the relay to listen on a port too: this one if it is free, or any if it is 0. */
export function openPortLine(preferred: number): string {
  return `${JSON.stringify({ openPort: preferred })}\n`;
}

/** @returns the preferred port; undefined for a line of another form */
export function parseOpenPort(line: string): number | undefined {
  return portNumber(parseObject(line)?.['openPort']);
}

/** The relay listens on this port too. */
export function portLine(port: number): string {
  return `${JSON.stringify({ port })}\n`;
}

/** @returns the port; undefined for a line of another form */
export function parsePort(line: string): number | undefined {
  return portNumber(parseObject(line)?.['port']);
}

/** Visitors reach the site, but none of its WebSockets. */
export const noWebSocketsLine = `${JSON.stringify({ webSockets: false })}\n`;

export function isNoWebSockets(line: string): boolean {
  return parseObject(line)?.['webSockets'] === false;
}

/** Tells the relay that its site is public, so that its way may be checked. */
export const publishedLine = `${JSON.stringify({ published: true })}\n`;

export function isPublished(line: string): boolean {
  return parseObject(line)?.['published'] === true;
}

/** Visitors reach the site again after a loss. */
export const reachedAgainLine = `${JSON.stringify({ lost: null })}\n`;

export function isReachedAgain(line: string): boolean {
  return parseObject(line)?.['lost'] === null;
}

/** Visitors do not reach the site any more, for this reason. */
export function lostLine(reason: string): string {
  return `${JSON.stringify({ lost: reason })}\n`;
}

/** @returns the reason; undefined for a line of another form */
export function parseLost(line: string): string | undefined {
  const lost = parseObject(line)?.['lost'];
  return typeof lost === 'string' ? lost : undefined;
}

function portNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535 ? value : undefined;
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
