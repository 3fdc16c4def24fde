// The lines between the command and the service: one request, then lines of output, then the exit code. Pure.
import { parseJson } from '../../json.ts';

/** A reply of the service: a line for one of the caller's streams, or the last line. */
export type Reply = { readonly stream: 'out' | 'err'; readonly line: string } | { readonly exitCode: number };

export const limits = {
  /** The longest request, in bytes. */
  requestBytes: 16_384,
  /** Milliseconds in which the request must be complete. */
  requestTime: 5_000,
  /** Bytes that wait for a caller who does not read; with more the connection is closed. */
  unreadBytes: 1_048_576,
  /** Milliseconds in which the caller must read the rest once the work is done. */
  readTime: 5_000,
  /** Connections of one user at a time. */
  connectionsPerUser: 8,
} as const;

export const formatRequest = (args: readonly string[]): string => `${JSON.stringify({ args })}\n`;

/** The arguments of a request; undefined if the line is not one. */
export function readRequest(line: string): string[] | undefined {
  const args = fieldsOf(line)['args'];
  return Array.isArray(args) && args.every((arg) => typeof arg === 'string') ? args : undefined;
}

export const formatReply = (reply: Reply): string => `${JSON.stringify(reply)}\n`;

/** @returns undefined if the line is not a reply */
export function readReply(text: string): Reply | undefined {
  const { stream, line, exitCode } = fieldsOf(text);
  if (typeof exitCode === 'number') return { exitCode };
  return (stream === 'out' || stream === 'err') && typeof line === 'string' ? { stream, line } : undefined;
}

/**
 * The user id of the peer in the name of a systemd instance (`NUMBER-PID-UID` or `NUMBER-PID_PIDFDID-UID`, systemd.socket(5)).
 * @returns undefined if the name has none
 */
export function peerOfInstance(instance: string): number | undefined {
  const [, uid] = /^\d+-\d+(?:_\d+)?-(\d{1,10})$/.exec(instance) ?? [];
  return uid === undefined ? undefined : Number(uid);
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  const value = parseJson(line);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
