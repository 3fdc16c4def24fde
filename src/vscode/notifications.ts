// The notifications: a site is live, or a problem and commands that help.
import * as vscode from 'vscode';
import { labels, type CommandId } from '../window/commandTable.ts';
import { forNotification, notificationLink } from '../window/escape.ts';
import {
  noPort,
  pausedCode,
  portHeldCode,
  stoppedByTeacherCode,
  visitorsRefusedCode,
} from '../window/site/siteState.ts';
import { sentences } from '../messages/messages.ts';
import type { Problem, Publication } from '../window/site/siteState.ts';

/** "Your site is live", with the hostname as a link. */
export function notifyLive(publication: Publication): void {
  void offer(
    vscode.window.showInformationMessage(
      `Your site is live: ${notificationLink(publication)}`,
      labels['classroomTunnel.open'],
      labels['classroomTunnel.copyLink'],
    ),
    ['classroomTunnel.open', 'classroomTunnel.copyLink'],
    publication,
  );
}

/** The codes of problems that the student's own set-up causes; every other problem is shown as an error. */
const warnings = new Set([
  noPort.code,
  visitorsRefusedCode,
  stoppedByTeacherCode,
  pausedCode,
  portHeldCode,
  'local-link',
  'request-blocked',
  'second-server',
  'site-moved',
]);

/** The command that helps with a problem, where it is not to publish again. */
const firstCommands: Readonly<Record<string, CommandId>> = {
  [noPort.code]: 'workbench.action.terminal.new',
  [portHeldCode]: 'classroomTunnel.endServer',
};

export function notifyProblem(problem: Problem): void {
  const { code, action } = problem;
  const text = forNotification([sentences(problem), action].filter((part) => part !== '').join(' '));
  const show = warnings.has(code) ? vscode.window.showWarningMessage : vscode.window.showErrorMessage;
  const offers = [firstCommands[code] ?? 'classroomTunnel.republish', 'classroomTunnel.showLog'] as const;
  void offer(show(text, ...offers.map((id) => labels[id])), offers);
}

async function offer(
  answer: Thenable<string | undefined>,
  commands: readonly CommandId[],
  ...args: unknown[]
): Promise<void> {
  const label = await answer;
  const command = commands.find((id) => labels[id] === label);
  if (command) await vscode.commands.executeCommand(command, ...args);
}
