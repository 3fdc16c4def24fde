// The variables that new terminals of the window get. A shell's own start-up files may set others: they come later.
import type { EnvironmentVariableCollection, EnvironmentVariableMutatorOptions } from 'vscode';
import { devServers } from '../relay/devServers.ts';
import type { Info } from '../window/cli/events.ts';

const whenTheShellStarts: EnvironmentVariableMutatorOptions = {
  applyAtProcessCreation: true,
  applyAtShellIntegration: false,
};

/** What a new terminal should have: a port only where the configuration assigns one. Pure. */
export function terminalVariables(info: Pick<Info, 'port' | 'portVariable' | 'url'> | undefined): Map<string, string> {
  return new Map([
    ['CLASSROOM_TUNNEL_WINDOW', '1'], // shell-integration/ stays inert: the window sees to it
    ...devServers.flatMap(({ variables }) => Object.entries(variables ?? {})),
    ...(info?.url == null ? [] : [['CLASSROOM_TUNNEL_URL', info.url] as const]),
    ...(info?.port == null ? [] : [[info.portVariable, String(info.port)] as const]),
  ]);
}

/** Sets the variables, touching only what differs: VS Code offers to restart a terminal whose variables have changed. */
export function applyVariables(
  collection: EnvironmentVariableCollection,
  variables: ReadonlyMap<string, string>,
): void {
  collection.description = 'The port that is yours in this class, for Classroom Tunnel';
  for (const [name] of collection) if (!variables.has(name)) collection.delete(name);
  for (const [name, value] of variables) {
    if (collection.get(name)?.value !== value) collection.replace(name, value, whenTheShellStarts);
  }
}
