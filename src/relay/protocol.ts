// What the window writes to its relay: one JSON object for each line.
import { isDevServerName } from './devServers.ts';
import type { Target } from './forward.ts';

/** `{"target": {"port": 5173, "address": "::1"}, "server": "Vite"}`, or `{"target": null}` when no server runs. */
export interface Instruction {
  readonly target: Target | null;
}

export function instructionLine(target: Target | null): string {
  const { server, ...place } = target ?? {};
  return `${JSON.stringify({ target: target && place, server })}\n`;
}

/**
 * Accepts loopback addresses and ports from 1 to 65535 only; an unknown server's name is left out.
 * @returns undefined for a line of another form: a newer window may write what an older relay does not know
 */
export function parseInstruction(line: string): Instruction | undefined {
  const given = parseJson(line);
  if (given === null || typeof given !== 'object' || !('target' in given)) return undefined;
  if (given.target === null) return { target: null };
  const { port, address } = given.target as { port?: unknown; address?: unknown };
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  if (address !== '127.0.0.1' && address !== '::1') return undefined;
  const server = 'server' in given && isDevServerName(given.server) ? { server: given.server } : {};
  return { target: { port, address, ...server } };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
