// The roster in the text of the configuration file, whose other keys stay. Pure.
import { withKeys } from '../saveConfig.ts';
import type { Roster } from './plan.ts';

/** The text of the file with this roster. Empty tables are left out. */
export function withRoster(text: string, { ports, labels, names, formerPorts }: Roster): string {
  const filled = (table: object | undefined) => (table && Object.keys(table).length > 0 ? table : undefined);
  return withKeys(text, { ports, labels: filled(labels), names: filled(names), formerPorts: filled(formerPorts) });
}
