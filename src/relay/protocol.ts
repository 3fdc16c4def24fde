// What the window tells its relay: one JSON object per line.
import { isDevServerName } from './devServers.ts';
import type { Target } from './forward.ts';

/** `{"target": {"port": 5173, "address": "::1"}, "server": "Vite"}`, or `{"target": null}`: there is no server (any more). */
export interface Instruction {
  target: Target | null;
}

/**
 * One line, or undefined where it is none of ours: a newer window may say more than an older relay knows.
 * Only loopback addresses and ports of 1 to 65535 make a target; a server's name that is not known is left out.
 */
export function parseInstruction(line: string): Instruction | undefined {
  const said = parsed(line);
  if (said === null || typeof said !== 'object' || !('target' in said)) return undefined;
  if (said.target === null) return { target: null };
  const { port, address } = said.target as { port?: unknown; address?: unknown };
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  if (address !== '127.0.0.1' && address !== '::1') return undefined;
  const server = 'server' in said && isDevServerName(said.server) ? { server: said.server } : {};
  return { target: { port, address, ...server } };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
