// The environment variables of new terminals. A shell's own start-up files run later and may change them.
import type { EnvironmentVariableCollection, EnvironmentVariableMutatorOptions } from 'vscode';
import { t } from '../messages/texts.ts';
import { serverVariables } from '../relay/serverVariables.ts';
import type { Info } from '../window/cli/events.ts';

const whenTheShellStarts: EnvironmentVariableMutatorOptions = {
  applyAtProcessCreation: true,
  applyAtShellIntegration: false,
};

/** The variables for a new terminal. It gets a port only if the configuration assigns one. Pure. */
export function terminalVariables(info: Pick<Info, 'port' | 'portVariable' | 'url'> | undefined): Map<string, string> {
  return new Map([
    ['CLASSROOM_TUNNEL_WINDOW', '1'], // turns off the hooks of shell-integration/: the window publishes
    ...serverVariables(info?.url),
    ...(info?.port == null ? [] : [[info.portVariable, String(info.port)] as const]),
  ]);
}

/** Sets the variables that differ. VS Code offers to restart a terminal when one of its variables changes. */
export function applyVariables(
  collection: EnvironmentVariableCollection,
  variables: ReadonlyMap<string, string>,
): void {
  collection.description = t('Your port and address for Classroom Tunnel');
  for (const [name] of collection) if (!variables.has(name)) collection.delete(name);
  for (const [name, value] of variables) {
    if (collection.get(name)?.value !== value) collection.replace(name, value, whenTheShellStarts);
  }
}
