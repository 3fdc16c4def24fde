// The texts of a site that is public and whose server visitors do not reach. Pure.
import { t } from '../messages/texts.ts';
import { pidOf } from '../shell/processIds.ts';
import type { CommandId } from './commandTable.ts';
import { forMarkdownCode, forStatusBar, markdownLink } from './escape.ts';
import type { AwaitingServer, Holder } from './site/siteState.ts';

export interface Look {
  readonly text: string;
  /** The text without the seconds that it counts. */
  readonly spoken?: string;
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
  const link = markdownLink(publication);
  const explain = site.mute
    ? t(
        '**{link} is public, but your server listens without answering.** It may still be making its first page. Still waiting? Make sure that it speaks plain HTTP: the link adds HTTPS.',
        { link },
      )
    : `${t('**{link} is public, and waits for your server on port {port}.**', { link, port })} ${reasonToWait(site, port)}`;
  return {
    text: `$(loading~spin) ${forStatusBar(publication.hostname)}: ${t('waiting for the server')}`,
    explain,
    command: site.heldBy?.process === undefined ? 'classroomTunnel.showLog' : 'classroomTunnel.endServer',
    offers: withEnd(site.heldBy, whilePublic),
  };
}

function reasonToWait({ elsewhere, unreachable, heldBy, foreign }: AwaitingServer, port: number): string {
  if (heldBy) return holderText(heldBy, port);
  if (foreign)
    return t(
      'A program of another account listens on port {port}. Is it yours, started with `sudo`? Start it without. Else start your server on another port: visitors reach it there too.',
      { port },
    );
  if (unreachable !== undefined)
    return t(
      'It listens on {address} alone, where visitors do not reach it: start it on `localhost` (for Vite: {command}).',
      { address: unreachable, command: forMarkdownCode('npm run dev -- --host localhost') },
    );
  if (elsewhere === undefined) return '';
  const command = forMarkdownCode(`npm run dev -- --port ${port}`);
  return t('It listens on port {elsewhere} instead: start it on port {port} (for Vite: {command}).', {
    ...{ elsewhere, port, command },
  });
}

export function holderText({ process, command }: Holder, port: number): string {
  const program = forMarkdownCode(command);
  if (process === undefined)
    return t(
      'Another server of yours holds port {port}: {program}, which runs this window. Stop the server that one of its extensions started.',
      { port, program },
    );
  return t(
    'Another server of yours holds port {port}: {program} (process {pid}), from a terminal that is closed or of another window. End it, and start your server again.',
    { port, program, pid: pidOf(process) },
  );
}

/** With the command that ends the program that holds the port, if there is one. */
export function withEnd(holder: Holder | undefined, offers: readonly CommandId[]): readonly CommandId[] {
  return holder?.process === undefined ? offers : ['classroomTunnel.endServer', ...offers];
}
