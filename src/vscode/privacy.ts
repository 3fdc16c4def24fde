// Decides whether visitors need the passphrase: the class's configuration or the student's own setting may ask for it.
import * as vscode from 'vscode';
import { t } from '../messages/texts.ts';
import type { Access } from '../relay/accessControl.ts';
import { accessKey } from '../relay/accessKey.ts';
import type { Info } from '../window/cli/events.ts';
import type { Settings } from '../window/settings.ts';

/** Undefined: everyone may see them. */
export function accessOf(info: Info | undefined, { visibility }: Pick<Settings, 'visibility'>): Access | undefined {
  if (!info || (info.visibility === 'public' && visibility === 'public')) return undefined;
  return { hash: info.passphraseHash ?? null, key: accessKey(info.socketFolder ?? '') };
}

/** Switches the student's own setting. A private class stays private. */
export async function toggleVisibility(info: Info | undefined): Promise<void> {
  const settings = vscode.workspace.getConfiguration('classroomTunnel');
  const isPrivate = settings.get('visibility') === 'class';
  if (info?.visibility === 'class') {
    say(t('Your class is private: visitors must enter its passphrase.'));
    return;
  }
  if (!isPrivate && info?.passphraseHash === undefined) {
    say(t('Your class has no passphrase. Ask your teacher to set one with `classroom-tunnel passphrase`.'));
    return;
  }
  await settings.update('visibility', isPrivate ? undefined : 'class', vscode.ConfigurationTarget.Global);
  say(
    isPrivate
      ? t('Everyone may see your sites.')
      : t('Visitors of your sites must enter the passphrase of the class from now on.'),
  );
}

const say = (text: string): void => void vscode.window.showInformationMessage(text);
