// Reads the text of the port variable. Pure.
import { problemFor } from '../../messages/messages.ts';
import type { PortReading } from './windowState.ts';

/**
 * Reads the port variable's text as the command sees it.
 * @returns the port; undefined if there is none; a problem if the text is not a port
 */
export function readPort(text: string | undefined, variable: string): PortReading {
  if (text === undefined || text.trim() === '') return undefined;
  const port = Number(text.trim());
  if (/^\d+$/.test(text.trim()) && port >= 1 && port <= 65535) return port;
  return problemFor('port-invalid', { variable });
}
