// From what a scan of a terminal shows to what the window's state is told. Pure.
import type { Sighting } from '../shell/terminalProcesses.ts';
import type { Doubt } from './site/announcements.ts';
import { readPort } from './site/port.ts';
import type { SeenCommand } from './site/windowState.ts';
import type { Info } from './cli/events.ts';
import type { Memory } from './reloadMemory.ts';
import type { Problem } from '../messages/messages.ts';

/** What the window knows besides the sighting. */
export interface Knowledge {
  /** What this terminal held before a reload. */
  readonly memories: readonly Memory[];
  readonly portVariable: string;
  /** The port that the configuration assigns, `null` where it assigns none; undefined until it was read. */
  readonly assigned: Info['port'] | undefined;
  /** Why the configuration could not be read. */
  readonly problem: Problem | undefined;
}

/**
 * A command as the window's state knows it, or why it cannot be told yet.
 *
 * A command without a port gets the assigned one where its terminal had none either: it was opened before the port was
 * known, and the student has not decided against it. The relay finds the port that the server really takes.
 */
export function seenCommand(sighting: Sighting, knowledge: Knowledge): SeenCommand | Doubt {
  const { process, portText, terminalHasPort, isOwn } = sighting;
  const { memories, portVariable, assigned, problem } = knowledge;
  if (!isOwn) return { kind: 'otherUser' };
  const text = readPort(portText, portVariable);
  const mayHaveMissedIt = text === undefined && !terminalHasPort;
  if (mayHaveMissedIt && assigned === undefined) return { kind: 'noConfiguration', problem };
  const port = mayHaveMissedIt ? (assigned ?? undefined) : text;
  const memory = memories.find((known) => known.port === port);
  return { process, port, told: memory?.told ?? false, declined: memory?.declined === process };
}
