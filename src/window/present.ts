// The texts and icons of each state. Pure; no other file words a state.
import { labels, type CommandId } from './commandTable.ts';
import { forMarkdown, forMarkdownCode, forStatusBar, markdownLink } from './escape.ts';
import { doubtProblem, pending, type Announcement } from './site/announcements.ts';
import {
  holderOf,
  isRunning,
  leaseOf,
  noPort,
  pausedCode,
  publicationOf,
  refusalProblem,
  stoppedByTeacherCode,
} from './site/siteState.ts';
import type { Kind, Note, Problem, Publication, Site } from './site/siteState.ts';
import type { Refusal } from '../relay/probeResult.ts';
import { holderText, waitingLook, whilePublic, withEnd, type Look } from './presentWaiting.ts';
import { noVisitors, type Visitors } from '../relay/visitors.ts';
import { countText } from './siteViewPages.ts';
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
    label: `Classroom Tunnel: ${look.text.replace(/\$\([\w~-]+\) ?/g, '').replace(/, trying again in \d+ s/, '')}`,
    tooltip: [
      look.explain,
      beside(typed, look),
      others(state, port),
      look.offers.map((id) => `[${labels[id]}](command:${id})`).join(' · '),
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

const takenDownLook: Look = {
  text: '$(globe) Not public',
  explain: '**You took your site down.** Your server still runs: Republish makes it public again.',
  command: 'classroomTunnel.republish',
  offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
};

/** A command that was just typed is shown instead of a state in which nothing is public. */
function announcementLook(typed: Announcement, site: Site): Look | undefined {
  if (leaseOf(site) !== undefined && site.kind !== 'stopped') return undefined;
  if (site.kind === 'publishing' || site.kind === 'notPublic') return undefined;
  const problem = doubtProblem(typed);
  if (problem) return problemLook(problem, `$(warning) Not public: ${forStatusBar(problem.title)}`, 'warning');
  return {
    text: `$(loading~spin) Starting ${forStatusBar(typed.command)}`,
    explain: `**${forMarkdownCode(typed.command)} is starting.** Your site becomes public as soon as it runs.`,
    command: 'classroomTunnel.showLog',
    offers: ['classroomTunnel.showLog'],
  };
}

/** The problem of another command, for the tooltip of a site that is public. */
function beside(typed: Announcement | undefined, look: Look): string {
  const problem = typed && doubtProblem(typed);
  const text = problem ? `${forMarkdown(problem.message)} ${forMarkdown(problem.action)}` : '';
  return look.explain.includes(text) ? '' : text;
}

const visitorsText = (visitors: Visitors): string => (visitors.inAll === 0 ? '' : `\n\n${countText(visitors)}.`);

function lookOf(site: Site, port: number, now: number, commands: readonly string[], visitors: Visitors): Look {
  switch (site.kind) {
    case 'idle':
      if (isRunning(site)) return takenDownLook;
      return {
        text: '$(globe) Not public',
        explain: `**Your site is not public.** Type ${commands.map(forMarkdownCode).join(' or ')} in a terminal to publish it.`,
        command: 'workbench.action.terminal.focus',
        offers: ['workbench.action.terminal.focus', 'classroomTunnel.republish', 'classroomTunnel.showLog'],
      };
    case 'publishing':
      return {
        text: `$(sync~spin) Publishing${wait(site.note, now)}`,
        explain: `**Port ${port} is being published${wait(site.note, now)}.** ${forMarkdown(site.note?.message ?? 'This takes a few seconds.')}`,
        command: 'classroomTunnel.showLog',
        offers: ['classroomTunnel.unpublish', 'classroomTunnel.showLog'],
      };
    case 'waiting':
      return site.refusal ? refusalLook(site.refusal, site.lease.publication) : waitingLook(site, port);
    case 'live':
      return {
        text: `$(globe) ${forStatusBar(site.lease.publication.hostname)}`,
        explain: `**Your site is live:** ${markdownLink(publicationOf(site) ?? site.lease.publication)} leads to port ${port}. It ends when you close the terminal or this window.${hiddenText(site.hidden)}${visitorsText(visitors)}`,
        command: 'classroomTunnel.open',
        offers: whilePublic,
      };
    case 'stopped':
      if (site.answered) return answeredElsewhereLook(site.lease.publication);
      return {
        text: `$(debug-stop) ${forStatusBar(site.lease.publication.hostname)}: server stopped`,
        explain: `**Your server does not run.** ${markdownLink(site.lease.publication)} stays yours: start the server again to go live.${site.heldBy ? `\n\n${holderText(site.heldBy, port)}` : ''}`,
        command: 'workbench.action.terminal.focus',
        offers: withEnd(site.heldBy, ['workbench.action.terminal.focus', ...whilePublic]),
      };
    case 'away':
      return {
        text: '$(debug-disconnect) Away',
        explain: site.lease
          ? `**This window does not answer.** ${markdownLink(site.lease.publication)} will be taken down if it stays silent.`
          : '**This window did not answer for a while,** so your site was taken down. It comes back when the window answers.',
        command: 'classroomTunnel.showLog',
        offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
      };
    case 'failed':
      return failedLook(site.problem);
    case 'notPublic':
      return problemLook(noPort, '$(warning) Not public: no PORT', 'warning');
  }
}

/** The way to a site that waits for its server or is live is broken; undefined if it is not. */
function lostLook(site: Site): Look | undefined {
  if (site.lost === undefined || (site.kind !== 'live' && site.kind !== 'waiting')) return undefined;
  const { publication } = site.lease;
  return {
    text: `$(warning) ${forStatusBar(publication.hostname)}: visitors do not reach it`,
    explain: `**Visitors do not reach your site** ${markdownLink(publication)}: ${forMarkdown(site.lost)}. It was published again and is checked twice a minute. If this lasts, tell your teacher.`,
    command: 'classroomTunnel.republish',
    offers: ['classroomTunnel.republish', ...whilePublic],
    background: 'warning',
  };
}

function hiddenText(hidden: readonly number[] | undefined): string {
  if (!hidden) return '';
  return `\n\nYour server on port ${hidden.join(', ')} is not public: stop the first one to show it.`;
}

function answeredElsewhereLook(publication: Publication): Look {
  return {
    text: `$(globe) ${forStatusBar(publication.hostname)}`,
    explain: `**Another window of yours serves this site.** ${markdownLink(publication)} leads to the server that was started there; the command in this window has ended.`,
    command: 'classroomTunnel.open',
    offers: whilePublic,
  };
}

function refusalLook(refusal: Refusal, publication: Publication): Look {
  const { title, message } = refusalProblem(refusal);
  return {
    text: `$(warning) ${forStatusBar(publication.hostname)}: ${forStatusBar(title)}`,
    explain: `**${forMarkdown(title)}** of ${markdownLink(publication)}. ${forMarkdown(message)}\n\nChange this in ${forMarkdown(refusal.file)}: ${forMarkdownCode(refusal.fix)}\n\nThe site goes live automatically once the server accepts visitors.`,
    command: 'classroomTunnel.showLog',
    offers: whilePublic,
    background: 'warning',
  };
}

function failedLook(problem: Problem): Look {
  const isOfTeacher = [stoppedByTeacherCode, pausedCode].includes(problem.code);
  const level = isOfTeacher ? 'warning' : 'error';
  return problemLook(problem, `$(${level}) Not public: ${forStatusBar(problem.title)}`, level);
}

function problemLook(problem: Problem, text: string, background: 'error' | 'warning'): Look {
  return {
    text,
    explain: `${explanation(problem)}\n\n${forMarkdown(problem.action)}`,
    command: 'classroomTunnel.republish',
    offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
    background,
  };
}

function explanation({ title, message }: Problem): string {
  if (message.startsWith(title)) return `**${forMarkdown(message)}**`;
  return `**${forMarkdown(title)}.** ${forMarkdown(message)}`;
}

function wait(note: Note | undefined, now: number): string {
  const seconds = Math.ceil(((note?.until ?? now) - now) / 1000);
  return seconds > 0 ? `: busy, trying again in ${seconds} s` : '';
}

/** The other sites of this window, in one line. */
function others(state: WindowState, shownPort: number): string {
  const rest = [...state.sites].filter(([port, { kind }]) => port !== shownPort && port !== 0 && kind !== 'idle');
  const names = rest.map(([port, site]) => {
    const lease = leaseOf(site);
    return `${lease ? markdownLink(lease.publication) : `port ${port}`} (${site.kind})`;
  });
  return names.length === 0 ? '' : `Also in this window: ${names.join(', ')}.`;
}
