// The texts and icons of each state. Pure; no other file words a state.
import { worded } from '../messages/messages.ts';
import { say, t } from '../messages/texts.ts';
import { labelOf, type CommandId } from './commandTable.ts';
import { forMarkdown, forMarkdownCode, forStatusBar, markdownLink } from './escape.ts';
import { doubtProblem, pending, type Announcement } from './site/announcements.ts';
import { holderOf, isRunning, leaseOf, noPort, publicationOf } from './site/siteState.ts';
import type { Away, Kind, Live, Publication, Publishing, Site, Stopped } from './site/siteState.ts';
import { failedLook, lostLook, problemLook, refusalLook } from './presentProblem.ts';
import { holderText, waitingLook, whilePublic, withEnd, type Look } from './presentWaiting.ts';
import { noVisitors, type Visitors } from '../relay/visitors.ts';
import { countText } from './siteViewPages.ts';
import { stateName } from './stateNames.ts';
import { shownSite } from './site/windowState.ts';
import type { WindowState } from './site/windowState.ts';

export interface Presentation {
  readonly kind: Kind;
  readonly text: string;
  /** The text for screen readers: without icons, and without the seconds that count down. */
  readonly label: string;
  /** Markdown. Text from outside is escaped. */
  readonly tooltip: string;
  readonly command: CommandId;
  readonly background?: 'error' | 'warning';
  /** For `when` clauses: `classroomTunnel.state`, `.published`, `.live`, `.held` (another server has the port). */
  readonly context: {
    readonly state: Kind;
    readonly published: boolean;
    readonly live: boolean;
    readonly held: boolean;
  };
  /** The text counts seconds: draw it again. */
  readonly counting: boolean;
}

/**
 * Draws the window's state.
 * @param now milliseconds since 1970, for "in N s"
 */
export function present(
  state: WindowState,
  now: number,
  commands: readonly string[] = ['npm run dev'],
  visitorsOf: (port: number) => Visitors = () => noVisitors,
): Presentation {
  const { port, site } = shownSite(state);
  const typed = pending(state.announcements);
  const look =
    (typed && announcementLook(typed, site)) ?? lostLook(site) ?? lookOf(site, port, now, commands, visitorsOf(port));
  return {
    kind: site.kind,
    text: look.text,
    label: `Classroom Tunnel: ${(look.spoken ?? look.text).replace(/\$\([\w~-]+\) ?/g, '')}`,
    tooltip: [
      look.explain,
      beside(typed, look),
      others(state, port),
      look.offers.map((id) => `[${labelOf(id)}](command:${id})`).join(' · '),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
    command: look.command,
    ...(look.background && { background: look.background }),
    context: {
      state: site.kind,
      published: leaseOf(site) !== undefined,
      live: site.kind === 'live',
      held: holderOf(site)?.process !== undefined,
    },
    counting: site.kind === 'publishing' && (site.note?.until ?? 0) > now,
  };
}

function idleLook(site: Site, commands: readonly string[]): Look {
  const text = `$(globe) ${t('Not public')}`;
  if (isRunning(site))
    return {
      text,
      explain: t('**You took your site down.** Your server still runs: Republish makes it public again.'),
      command: 'classroomTunnel.republish',
      offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
    };
  const typed = commands.map(forMarkdownCode).join(t(' or '));
  return {
    text,
    explain: t('**Your site is not public.** Type {commands} in a terminal to publish it.', { commands: typed }),
    command: 'workbench.action.terminal.focus',
    offers: ['workbench.action.terminal.focus', 'classroomTunnel.republish', 'classroomTunnel.showLog'],
  };
}

function publishingLook({ note }: Publishing, port: number, now: number): Look {
  const seconds = Math.ceil(((note?.until ?? now) - now) / 1000);
  const text = t('Publishing: busy, trying again in {seconds} s', { seconds });
  const explain =
    seconds > 0
      ? t('**Port {port} is being published: busy, trying again in {seconds} s.**', { port, seconds })
      : t('**Port {port} is being published.**', { port });
  return {
    text: `$(sync~spin) ${seconds > 0 ? text : t('Publishing')}`,
    spoken: seconds > 0 ? t('Publishing: busy') : t('Publishing'),
    explain: `${explain} ${forMarkdown(note ? say(note.message) : t('This takes a few seconds.'))}`,
    command: 'classroomTunnel.showLog',
    offers: ['classroomTunnel.unpublish', 'classroomTunnel.showLog'],
  };
}

/** A command that was just typed is shown instead of a state in which nothing is public. */
function announcementLook(typed: Announcement, site: Site): Look | undefined {
  if (leaseOf(site) !== undefined && site.kind !== 'stopped') return undefined;
  if (site.kind === 'publishing' || site.kind === 'notPublic') return undefined;
  const problem = doubtProblem(typed);
  if (problem) return problemLook(problem, worded(problem).title, 'warning');
  const command = forMarkdownCode(typed.command);
  return {
    text: `$(loading~spin) ${t('Starting {command}', { command: forStatusBar(typed.command) })}`,
    explain: t('**{command} is starting.** Your site becomes public as soon as it runs.', { command }),
    command: 'classroomTunnel.showLog',
    offers: ['classroomTunnel.showLog'],
  };
}

/** The problem of another command, for the tooltip of a site that is public. */
function beside(typed: Announcement | undefined, look: Look): string {
  const doubt = typed && doubtProblem(typed);
  const problem = doubt && worded(doubt);
  const text = problem ? `${forMarkdown(problem.message)} ${forMarkdown(problem.action)}` : '';
  return look.explain.includes(text) ? '' : text;
}

const visitorsText = (visitors: Visitors): string => (visitors.inAll === 0 ? '' : `\n\n${countText(visitors)}.`);

function lookOf(site: Site, port: number, now: number, commands: readonly string[], visitors: Visitors): Look {
  switch (site.kind) {
    case 'idle':
      return idleLook(site, commands);
    case 'publishing':
      return publishingLook(site, port, now);
    case 'waiting':
      return site.refusal ? refusalLook(site.refusal, site.lease.publication) : waitingLook(site, port);
    case 'live':
      return {
        text: `$(globe) ${forStatusBar(site.lease.publication.hostname)}`,
        explain: liveText(site, port) + hiddenText(site.hidden) + visitorsText(visitors),
        command: 'classroomTunnel.open',
        offers: site.hidden ? ['classroomTunnel.showServer', ...whilePublic] : whilePublic,
      };
    case 'stopped':
      if (site.answered) return answeredElsewhereLook(site.lease.publication);
      return {
        text: `$(debug-stop) ${forStatusBar(site.lease.publication.hostname)}: ${t('server stopped')}`,
        explain: stoppedText(site, port),
        command: 'workbench.action.terminal.focus',
        offers: withEnd(site.heldBy, ['workbench.action.terminal.focus', ...whilePublic]),
      };
    case 'away':
      return {
        text: `$(debug-disconnect) ${t('Away')}`,
        explain: awayText(site),
        command: 'classroomTunnel.showLog',
        offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
      };
    case 'failed':
      return failedLook(site.problem);
    case 'notPublic':
      return problemLook(noPort, t('no PORT'), 'warning');
  }
}

function liveText(site: Live, port: number): string {
  return t('**Your site is live:** {link} leads to port {port}. It ends when you close the terminal or this window.', {
    link: markdownLink(publicationOf(site) ?? site.lease.publication),
    port,
  });
}

function stoppedText({ lease, heldBy }: Stopped, port: number): string {
  const explain = t('**Your server does not run.** {link} stays yours: start the server again to go live.', {
    link: markdownLink(lease.publication),
  });
  return heldBy ? `${explain}\n\n${holderText(heldBy, port)}` : explain;
}

function awayText({ lease }: Away): string {
  if (lease)
    return t('**This window does not answer.** {link} will be taken down if it stays silent.', {
      link: markdownLink(lease.publication),
    });
  return t(
    '**This window did not answer for a while,** so your site was taken down. It comes back when the window answers.',
  );
}

function hiddenText(hidden: readonly number[] | undefined): string {
  if (!hidden) return '';
  return `\n\n${t('Your server on port {ports} is not public.', { ports: hidden.join(', ') })}`;
}

function answeredElsewhereLook(publication: Publication): Look {
  return {
    text: `$(globe) ${forStatusBar(publication.hostname)}`,
    explain: t(
      '**Another window of yours serves this site.** {link} leads to the server that was started there; the command in this window has ended.',
      { link: markdownLink(publication) },
    ),
    command: 'classroomTunnel.open',
    offers: whilePublic,
  };
}

/** The other sites of this window, in one line. */
function others(state: WindowState, shownPort: number): string {
  const rest = [...state.sites].filter(([port, { kind }]) => port !== shownPort && port !== 0 && kind !== 'idle');
  const names = rest.map(([port, site]) => {
    const lease = leaseOf(site);
    return `${lease ? markdownLink(lease.publication) : t('port {port}', { port })} (${stateName(site.kind)})`;
  });
  return names.length === 0 ? '' : t('Also in this window: {sites}.', { sites: names.join(', ') });
}
