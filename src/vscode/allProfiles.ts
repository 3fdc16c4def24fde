// Applies this extension to all of the student's VS Code profiles: a new profile has only the extensions that are.
import * as vscode from 'vscode';
import { readText } from '../shell/procFiles.ts';
import { isInOneProfile } from '../window/installedExtensions.ts';

const doneKey = 'appliedToAllProfiles';

/**
 * Does once what "Apply Extension to all Profiles" in the extension's menu does, so that a student may take it back.
 * @returns whether it was done now
 */
export async function applyToAllProfiles(context: vscode.ExtensionContext): Promise<boolean> {
  const { extension, extensionUri, globalState } = context;
  if (globalState.get(doneKey)) return false;
  await globalState.update(doneKey, true);
  const list = readText(vscode.Uri.joinPath(extensionUri, '..', 'extensions.json').fsPath) ?? '';
  if (!isInOneProfile(list, extension.id)) return false;
  const command = 'workbench.extensions.action.toggleApplyToAllProfiles';
  await vscode.commands.executeCommand(command, undefined, { location: extensionUri });
  return true;
}
