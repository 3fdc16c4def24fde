// Turns a sighting of a scan into an event for the window's state. Pure.
import type { Sighting } from '../shell/terminalProcesses.ts';
import type { Doubt } from './site/announcements.ts';
import { readPort } from './site/port.ts';
import type { SeenCommand } from './site/windowState.ts';
import type { Info } from './cli/events.ts';
import type { Memory } from './reloadMemory.ts';
import type { Problem } from '../messages/messages.ts';

/** The window's knowledge besides the sighting. */
export interface Knowledge {
  /** The terminal's sites from before a reload. */
  readonly memories: readonly Memory[];
  readonly portVariable: string;
  /** The port that the configuration assigns; `null` if it assigns none; undefined until the configuration was read. */
  readonly assigned: Info['port'] | undefined;
  /** Why the configuration could not be read. */
  readonly problem: Problem | undefined;
}

/**
 * Returns the command with its port, or the reason why the port is not known.
 *
 * If neither the command nor its terminal has a port variable, the terminal was opened before the port was known. The
 * command then gets the assigned port, and the relay finds the port that the server uses.
 */
export function seenCommand(sighting: Sighting, knowledge: Knowledge): SeenCommand | Doubt {
  const { process, portText, terminalHasPort, isOwn, shows } = sighting;
  const { memories, portVariable, assigned, problem } = knowledge;
  if (!isOwn) return { kind: 'otherUser' };
  const text = readPort(portText, portVariable);
  const mayHaveMissedIt = text === undefined && !terminalHasPort;
  if (mayHaveMissedIt && assigned === undefined) return { kind: 'noConfiguration', problem };
  const port = mayHaveMissedIt ? (assigned ?? undefined) : text;
  const memory = memories.find((known) => known.port === port);
  return {
    process,
    port,
    notified: memory?.notified ?? false,
    declined: memory?.declined === process,
    ...(shows !== undefined && { shows }),
  };
}
