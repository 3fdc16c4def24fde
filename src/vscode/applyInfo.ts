// Applies what the command says of the configuration to the window.
import type { ExtensionContext } from 'vscode';
import type { Info } from '../window/cli/events.ts';
import type { Relays } from '../window/server/relays.ts';
import type { ClassView } from './classView.ts';
import { applyVariables, terminalVariables } from './terminalEnvironment.ts';

export function applyInfo(context: ExtensionContext, info: Info | undefined, relays: Relays, view: ClassView): void {
  relays.applyAccess();
  applyVariables(context.environmentVariableCollection, terminalVariables(info));
  view.setTeacher(info?.isTeacher ?? false);
}
