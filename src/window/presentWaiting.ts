// The texts of a site that is public and whose server visitors do not reach. Pure.
import { pidOf } from '../shell/processIds.ts';
import type { CommandId } from './commandTable.ts';
import { forMarkdownCode, forStatusBar, markdownLink } from './escape.ts';
import type { AwaitingServer, Holder } from './site/siteState.ts';

export interface Look {
  readonly text: string;
  readonly explain: string;
  readonly command: CommandId;
  readonly offers: readonly CommandId[];
  readonly background?: 'error' | 'warning';
}

/** The commands of every site that is public. */
export const whilePublic = [
  'classroomTunnel.open',
  'classroomTunnel.copyLink',
  'classroomTunnel.openPreview',
  'classroomTunnel.showQrCode',
  'classroomTunnel.showVisitors',
  'classroomTunnel.unpublish',
  'classroomTunnel.showLog',
] as const;

export function waitingLook(site: AwaitingServer, port: number): Look {
  const { publication } = site.lease;
  const explanation = site.mute
    ? `but your server listens without answering.** It may still be making its first page. Still waiting? Make sure that it speaks plain HTTP: the link adds HTTPS.`
    : `and waits for your server on port ${port}.** ${reasonToWait(site, port)}`;
  return {
    text: `$(loading~spin) ${forStatusBar(publication.hostname)}: waiting for the server`,
    explain: `**${markdownLink(publication)} is public, ${explanation}`,
    command: site.heldBy?.process === undefined ? 'classroomTunnel.showLog' : 'classroomTunnel.endServer',
    offers: withEnd(site.heldBy, whilePublic),
  };
}

function reasonToWait({ elsewhere, unreachable, heldBy, foreign }: AwaitingServer, port: number): string {
  if (heldBy) return holderText(heldBy, port);
  if (foreign)
    return `A program of another account listens on port ${port}. Is it yours, started with ${forMarkdownCode('sudo')}? Start it without. Else start your server on another port: visitors reach it there too.`;
  if (unreachable !== undefined)
    return `It listens on ${unreachable} alone, where visitors do not reach it: start it on ${forMarkdownCode('localhost')} (for Vite: ${forMarkdownCode('npm run dev -- --host localhost')}).`;
  if (elsewhere === undefined) return '';
  return `It listens on port ${elsewhere} instead: start it on port ${port} (for Vite: ${forMarkdownCode(`npm run dev -- --port ${port}`)}).`;
}

export function holderText({ process, command }: Holder, port: number): string {
  const holds = `Another server of yours holds port ${port}: ${forMarkdownCode(command)}`;
  if (process === undefined)
    return `${holds}, which runs this window. Stop the server that one of its extensions started.`;
  return `${holds} (process ${pidOf(process)}), from a terminal that is closed or of another window. End it, and start your server again.`;
}

/** With the command that ends the program that holds the port, if there is one. */
export function withEnd(holder: Holder | undefined, offers: readonly CommandId[]): readonly CommandId[] {
  return holder?.process === undefined ? offers : ['classroomTunnel.endServer', ...offers];
}
