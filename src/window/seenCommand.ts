// From what is seen in /proc to what the machine is told. Pure.
import type { Memory } from './reloadMemory.ts';
import type { Sighting } from '../shell/terminalProcesses.ts';
import { readPort } from './site/port.ts';
import type { SeenCommand } from './site/windowState.ts';

/** A command as the machine knows it: with its port, and with what is remembered of it. Pure. */
export function seenCommand(
  { process, portText }: Sighting,
  memories: readonly Memory[],
  portVariable: string,
): SeenCommand {
  const port = readPort(portText, portVariable);
  const memory = memories.find((one) => one.port === port);
  return { process, port, told: memory?.told ?? false, declined: memory?.declined === process };
}
