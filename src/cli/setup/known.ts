// Reads the files that an earlier run of setup wrote.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { parseConfig } from '../../provisioning/config.ts';
import { userName } from '../caller.ts';
import { groupName } from '../doctor/machine.ts';
import { sharingOf } from '../teacherOnly.ts';
import type { ConfigKeys, Surmise } from './answers.ts';

/** The content of the existing files, and the text of the configuration. */
export type Known = Surmise & {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly text?: string;
  readonly connectorUrl?: string | undefined;
};

/** @throws FixableError `config-invalid` */
export function readKnown(file: string): Known {
  if (!existsSync(file)) return { raw: {} };
  const text = readFileSync(file, 'utf8');
  const { accountId, zoneId, tunnelId, hostname, stateDir, tokenFile, apiBaseUrl, commandSocket, connectorUrl } =
    parseConfig(file, text, 'machine');
  const raw = JSON.parse(text) as ConfigKeys & Record<string, unknown>;
  const folder = statSync(stateDir, { throwIfNoEntry: false });
  return {
    accountId,
    zoneId,
    tunnelId,
    hostname,
    stateDir,
    apiBaseUrl,
    commandSocket,
    connectorUrl: connectorUrl ?? undefined,
    raw,
    text,
    ...(tokenFile ? { tokenFile } : {}),
    ...(raw.ports ? { ports: raw.ports } : {}),
    ...(raw.portRange ? { portRange: raw.portRange } : {}),
    ...(raw.studentGroup ? { studentGroup: raw.studentGroup } : {}),
    ...(folder
      ? {
          mode: sharingOf(folder) === 'private' ? 'service' : 'shared',
          owner: userName(folder.uid),
          sharedWith: groupName(folder.gid),
        }
      : {}),
  };
}
