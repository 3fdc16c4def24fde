// Stores the last answer about the configuration, and follows the changes of the configuration.
import type * as vscode from 'vscode';
import { configFileOf } from '../configFile.ts';
import { watchFile } from '../watchFile.ts';
import { readEvent } from '../window/cli/events.ts';
import type { InfoStore } from '../window/cli/info.ts';
import type { CommandLine } from '../window/cli/run.ts';

/** Stores the last answer as the line that the command printed, and validates it again when it is read. */
export function infoStore(memento: vscode.Memento): InfoStore {
  return {
    get: () => {
      const event = readEvent(memento.get('info', ''));
      return event?.event === 'info' ? event : undefined;
    },
    set: (info) => void memento.update('info', JSON.stringify(info)),
  };
}

/** Calls back after each change of the configuration that the command reads. */
export function followConfiguration({ env }: CommandLine, onChange: () => unknown): { dispose(): void } {
  const watch = watchFile(configFileOf(env), () => void onChange());
  return { dispose: () => watch.close() };
}
