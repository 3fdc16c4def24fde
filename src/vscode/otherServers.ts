// Asks the student about servers that are not public: the offer of one, and the choice among several.
import * as vscode from 'vscode';
import { t } from '../messages/texts.ts';
import type { OtherServer } from '../shell/otherServers.ts';
import { labelOf } from '../window/commandTable.ts';
import { notificationLink } from '../window/escape.ts';
import { offerText, type Offer, type OfferAnswer, type ServerOffers } from '../window/server/offers.ts';
import type { Publication } from '../window/site/siteState.ts';

export async function askToPublish(offer: Offer): Promise<OfferAnswer | undefined> {
  const answers = new Map<string, OfferAnswer>([
    [t('Make Public'), 'public'],
    [t('Not Now'), 'notNow'],
    [t('Never for This Folder'), 'never'],
  ]);
  const label = await vscode.window.showInformationMessage(offerText(offer), ...answers.keys());
  return label === undefined ? undefined : answers.get(label);
}

/** Says that the link shows the server that the student chose. */
export async function notifyShown(port: number, publication: Publication): Promise<void> {
  const open = labelOf('classroomTunnel.open');
  const text = t('Your link shows your server on port {port} now: {link}', {
    port,
    link: notificationLink(publication),
  });
  if ((await vscode.window.showInformationMessage(text, open)) === open)
    await vscode.commands.executeCommand('classroomTunnel.open', publication);
}

/** Shows the one server that is not public, or lets the student choose among several. */
export async function showServer(servers: readonly OtherServer[], offers: ServerOffers): Promise<void> {
  const found = await Promise.all(servers.map((server) => offers.find(server)));
  const choices = found.flatMap((offer) => (offer ? offers.choicesFor(offer) : []));
  const [only] = choices;
  if (!only) {
    void vscode.window.showInformationMessage(t('No other server of yours runs in this window.'));
    return;
  }
  const chosen = choices.length === 1 ? only : await pick(choices);
  if (chosen) offers.accept(chosen);
}

async function pick(choices: readonly Offer[]): Promise<Offer | undefined> {
  const items = choices.map((offer) => ({
    offer,
    label: offer.isExtra
      ? t('Port {port}, at an address of its own', { port: offer.port })
      : t('Port {port}, at your link', { port: offer.port }),
    description: offer.server.program,
    ...(offer.server.folder !== undefined && { detail: offer.server.folder }),
  }));
  const title = `Classroom Tunnel: ${labelOf('classroomTunnel.showServer')}`;
  return (await vscode.window.showQuickPick(items, { title }))?.offer;
}
