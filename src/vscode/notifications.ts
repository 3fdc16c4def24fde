// The notifications: a site is live, or a problem and commands that help.
import * as vscode from 'vscode';
import { labelOf, type CommandId } from '../window/commandTable.ts';
import type { DevServerName } from '../relay/devServers.ts';
import { findUnsafeVersion } from '../relay/unsafeVersions.ts';
import { forNotification, notificationLink } from '../window/escape.ts';
import {
  noPort,
  pausedCode,
  portBlockedCode,
  stoppedByTeacherCode,
  visitorsRefusedCode,
} from '../window/site/siteState.ts';
import { findText } from '../window/server/findText.ts';
import type { RelaysOptions } from '../window/server/relays.ts';
import { problemFor, sentences, worded } from '../messages/messages.ts';
import { t, textOf } from '../messages/texts.ts';
import type { Problem, Publication } from '../window/site/siteState.ts';

const whenLive = ['classroomTunnel.open', 'classroomTunnel.copyLink', 'classroomTunnel.showQrCode'] as const;

/** "Your site is live", with the hostname as a link. */
export function notifyLive(publication: Publication): void {
  void offer(
    vscode.window.showInformationMessage(
      t('Your site is live: {link}', { link: notificationLink(publication) }),
      ...whenLive.map(labelOf),
    ),
    whenLive,
    publication,
  );
}

/** The codes of problems that the student's own set-up causes; every other problem is shown as an error. */
const warnings = new Set([
  noPort.code,
  visitorsRefusedCode,
  stoppedByTeacherCode,
  pausedCode,
  portBlockedCode,
  'local-link',
  'request-blocked',
  'unsafe-version',
  'second-server',
  'site-moved',
]);

/** The command that helps with a problem, where it is not to publish again. */
const firstCommands: Readonly<Record<string, CommandId>> = {
  [noPort.code]: 'workbench.action.terminal.new',
  [portBlockedCode]: 'classroomTunnel.endServer',
  'second-server': 'classroomTunnel.showServer',
};

export function notifyProblem(problem: Problem): void {
  const { code, title, message, action } = worded(problem);
  const text = forNotification([sentences({ title, message }), action].filter((part) => part !== '').join(' '));
  const show = warnings.has(code) ? vscode.window.showWarningMessage : vscode.window.showErrorMessage;
  const offers = [firstCommands[code] ?? 'classroomTunnel.republish', 'classroomTunnel.showLog'] as const;
  void offer(show(text, ...offers.map(labelOf)), offers);
}

/**
 * Tells the student of the first address of the local machine that the project's own files hold, with its line; a script of
 * which no file holds it comes from a library.
 */
export function notifyLocalLink(log: (message: string) => void): NonNullable<RelaysOptions['onLocalLink']> {
  const notified = new Set<string>();
  return ({ hostname }, { address, path, inPage }, root) => {
    const found = root === undefined ? undefined : findText(root, address);
    log(`${path} of ${hostname} holds ${address}${found ? ` (${found.file}, line ${found.line})` : ''}`);
    if (notified.has(hostname) || (!found && !inPage)) return;
    notified.add(hostname);
    const place = found ? textOf('{file}, line {line},', { file: found.file, line: found.line }) : path;
    notifyProblem(problemFor('local-link', { address, place }));
  };
}

/** Names an installed dev server with known holes, once for each version. */
export function tellOfUnsafeVersions(): (server: DevServerName | undefined, folder: string) => void {
  const told = new Set<string>();
  return (server, folder) => {
    const unsafe = findUnsafeVersion(server, folder);
    if (!unsafe || told.has(`${unsafe.name} ${unsafe.version}`)) return;
    told.add(`${unsafe.name} ${unsafe.version}`);
    notifyProblem(problemFor('unsafe-version', { ...unsafe }));
  };
}

async function offer(
  answer: Thenable<string | undefined>,
  commands: readonly CommandId[],
  ...args: unknown[]
): Promise<void> {
  const label = await answer;
  const command = commands.find((id) => labelOf(id) === label);
  if (command) await vscode.commands.executeCommand(command, ...args);
}
