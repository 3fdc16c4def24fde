// The actions of the palette commands.
import * as vscode from 'vscode';
import { t } from '../messages/texts.ts';
import type { Visitors } from '../relay/visitors.ts';
import { endProgram } from '../shell/endProgram.ts';
import type { ShellId } from '../shell/processIds.ts';
import type { Info } from '../window/cli/events.ts';
import { labelOf, ownCommands, type OwnCommandId } from '../window/commandTable.ts';
import { readPort } from '../window/site/port.ts';
import { forNotification } from '../window/escape.ts';
import { holderOf, publicationOf, type Publication } from '../window/site/siteState.ts';
import { portToPublish, shownSite } from '../window/site/windowState.ts';
import type { Window } from '../window/window.ts';

import { openPreview, showQrCode, type VisitorsView } from './siteViews.ts';

export interface CommandContext {
  readonly window: Window;
  readonly log: vscode.LogOutputChannel;
  /** Reads the configuration again and scans all terminals. */
  readonly refresh: () => Promise<Info | undefined>;
  /** The watched commands, for messages. */
  readonly watchedCommands: () => readonly string[];
  /** The shell whose end releases a site that the student publishes by hand. */
  readonly shellForManualPublish: () => Promise<ShellId>;
  /** Looks at the server of a port now. */
  readonly look: (port: number) => void;
  /** Switches who may see the student's sites. */
  readonly toggleVisibility: () => Promise<void>;
  /** Lets the student choose which server the link shows. */
  readonly showServer: () => Promise<void>;
  readonly visitors: VisitorsView;
  readonly visitorsOf: (port: number) => Visitors;
}

type Command = (context: CommandContext, publication?: Publication) => unknown;

const commands: Readonly<Record<OwnCommandId, Command>> = {
  'classroomTunnel.republish': republish,
  'classroomTunnel.unpublish': ({ window }) => {
    const { port, site } = shownSite(window.state);
    if (site.kind !== 'idle') window.dispatch({ type: 'site', port, event: { type: 'unpublish' } });
  },
  'classroomTunnel.open': (context, publication) =>
    withPublication(context, publication, ({ url }) => vscode.env.openExternal(vscode.Uri.parse(url, true))),
  'classroomTunnel.copyLink': (context, publication) =>
    withPublication(context, publication, ({ url }) => vscode.env.clipboard.writeText(url)),
  'classroomTunnel.openPreview': (context, publication) => withPublication(context, publication, openPreview),
  'classroomTunnel.showQrCode': (context, publication) => withPublication(context, publication, showQrCode),
  'classroomTunnel.showVisitors': (context, publication) =>
    withPublication(context, publication, (shown) => context.visitors.show(shown, context.visitorsOf(shown.port))),
  'classroomTunnel.toggleVisibility': ({ toggleVisibility }) => toggleVisibility(),
  'classroomTunnel.endServer': endServer,
  'classroomTunnel.showServer': ({ showServer }) => showServer(),
  'classroomTunnel.showLog': ({ log }) => log.show(),
};

export function registerCommands(context: CommandContext): vscode.Disposable[] {
  return ownCommands.map((id) =>
    vscode.commands.registerCommand(id, (argument?: Publication) => commands[id](context, argument)),
  );
}

async function republish({ window, refresh, shellForManualPublish }: CommandContext): Promise<void> {
  const info = await refresh();
  const port = portToPublish(window.state, info?.port) ?? (await askForPort());
  if (port === undefined) return;
  const shell = await shellForManualPublish();
  window.dispatch({ type: 'site', port, event: { type: 'republish', shell } });
}

/** Ends the program that holds the port of the site that is shown. */
async function endServer({ window, look, log }: CommandContext): Promise<void> {
  const { port, site } = shownSite(window.state);
  const holder = holderOf(site);
  if (holder?.process === undefined) return;
  const ended = await endProgram(holder.process, afterMilliseconds);
  log.info(`${holder.command} ${ended ? 'has ended' : 'could not be ended'}`);
  look(port);
  const text = forNotification(
    ended
      ? t('It has ended. Start your server again: port {port} is free.', { port })
      : t('{command} could not be ended.', { command: holder.command }),
  );
  void (ended ? vscode.window.showInformationMessage(text) : vscode.window.showErrorMessage(text));
}

const afterMilliseconds = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function askForPort(): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title: `Classroom Tunnel: ${labelOf('classroomTunnel.republish')}`,
    prompt: t('The port that your server listens on'),
    placeHolder: '3000',
    validateInput: (value) =>
      typeof readPort(value, 'PORT') === 'number' ? undefined : t('A port is a number from 1 to 65535'),
  });
  const port = readPort(text, 'PORT');
  return typeof port === 'number' ? port : undefined;
}

function withPublication(
  { window, watchedCommands }: CommandContext,
  given: Publication | undefined,
  use: (publication: Publication) => unknown,
): unknown {
  const publication = given ?? publicationOf(shownSite(window.state).site);
  return publication
    ? use(publication)
    : vscode.window.showInformationMessage(
        t('Your site is not public. Type {commands} in a terminal to publish it.', {
          commands: watchedCommands().join(t(' or ')),
        }),
      );
}
