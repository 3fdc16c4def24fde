// The text of the configuration. Pure.
import { resolve } from 'node:path';
import { configDefaults, parseConfig } from '../../provisioning/config.ts';
import type { Answers } from './answers.ts';
import type { Known } from './known.ts';

export interface ConfigFacts {
  readonly file: string;
  /** As it is written there. */
  readonly tokenFile: string;
  readonly answers: Answers;
  readonly apiBaseUrl: string | undefined;
  readonly known: Known;
  /** Undefined before the tunnel is made. */
  readonly tunnelId: string | undefined;
}

/**
 * The complete new file. Keys that setup does not know are carried through; a file that says the same already stays as it is.
 * @throws FixableError `config-invalid`, before anything is written
 */
export function configText({ file, tokenFile, answers, apiBaseUrl, known, tunnelId }: ConfigFacts): string {
  const { accountId, zoneId, hostname, ports, stateDir, group } = answers;
  const isUsualGroup = group === configDefaults.studentGroup && known.studentGroup === undefined;
  const config = {
    ...known.raw,
    accountId,
    zoneId,
    tunnelId: tunnelId ?? 'not-made-yet',
    hostname,
    tokenFile,
    stateDir: resolve(stateDir),
    ...ports,
    ...(isUsualGroup ? {} : { studentGroup: group }),
    ...(apiBaseUrl ? { apiBaseUrl } : {}),
  };
  const text = `${JSON.stringify(config, undefined, 2)}\n`;
  parseConfig(file, text, 'machine');
  return known.text !== undefined && isSame(known.raw, config) ? known.text : text;
}

function isSame(one: object, other: object): boolean {
  const sorted = (object: object) =>
    JSON.stringify(Object.entries(object).sort(([left], [right]) => left.localeCompare(right)));
  return sorted(one) === sorted(other);
}
