// What a state looks like: pure, and the only place that words it.
import { labels, type CommandId } from './commandTable.ts';
import { leaseOf, noPort, refusalProblem } from './site/siteState.ts';
import type { Kind, Note, Problem, Publication, Site, AwaitingServer } from './site/siteState.ts';
import type { Refusal } from '../relay/probeResult.ts';
import { shownSite } from './site/windowState.ts';
import type { WindowState } from './site/windowState.ts';

export interface Presentation {
  readonly kind: Kind;
  readonly text: string;
  /** Markdown; every text from outside is escaped. */
  readonly tooltip: string;
  readonly command: CommandId;
  readonly background?: 'error' | 'warning';
  /** For `when` clauses: `classroomTunnel.state`, `.published`, `.live`. */
  readonly context: { readonly state: Kind; readonly published: boolean; readonly live: boolean };
  /** The text counts seconds: draw it again. */
  readonly counting: boolean;
}

interface Look {
  readonly text: string;
  readonly explain: string;
  readonly command: CommandId;
  readonly offers: readonly CommandId[];
  readonly background?: 'error' | 'warning';
}

/**
 * Draws the window's state.
 * @param now milliseconds since 1970, for "in N s"
 */
export function present(state: WindowState, now: number, commands: readonly string[] = ['npm run dev']): Presentation {
  const { port, site } = shownSite(state);
  const look = lookOf(site, port, now, commands);
  return {
    kind: site.kind,
    text: look.text,
    tooltip: [look.explain, others(state, port), look.offers.map((id) => `[${labels[id]}](command:${id})`).join(' · ')]
      .filter((part) => part !== '')
      .join('\n\n'),
    command: look.command,
    ...(look.background && { background: look.background }),
    context: { state: site.kind, published: leaseOf(site) !== undefined, live: site.kind === 'live' },
    counting: site.kind === 'publishing' && (site.note?.until ?? 0) > now,
  };
}

const whilePublic = [
  'classroomTunnel.open',
  'classroomTunnel.copyLink',
  'classroomTunnel.unpublish',
  'classroomTunnel.showLog',
] as const;

function lookOf(site: Site, port: number, now: number, commands: readonly string[]): Look {
  switch (site.kind) {
    case 'idle':
      return {
        text: '$(globe) Not public',
        explain: `**Your site is not public.** Type ${commands.map(code).join(' or ')} in a terminal, and it is.`,
        command: 'workbench.action.terminal.focus',
        offers: ['workbench.action.terminal.focus', 'classroomTunnel.republish', 'classroomTunnel.showLog'],
      };
    case 'publishing':
      return {
        text: `$(sync~spin) Publishing${wait(site.note, now)}`,
        explain: `**Port ${port} is being published${wait(site.note, now)}.** ${escape(site.note?.message ?? 'It takes a few seconds.')}`,
        command: 'classroomTunnel.showLog',
        offers: ['classroomTunnel.unpublish', 'classroomTunnel.showLog'],
      };
    case 'waiting':
      return site.refusal ? refusalLook(site.refusal, site.lease.publication) : waitingLook(site, port);
    case 'live':
      return {
        text: `$(globe) ${plain(site.lease.publication.hostname)}`,
        explain: `**Your site is live:** ${link(site.lease.publication)} leads to port ${port}. It goes when you close the terminal or this window.`,
        command: 'classroomTunnel.open',
        offers: whilePublic,
      };
    case 'stopped':
      if (site.answered) return answeredElsewhereLook(site.lease.publication);
      return {
        text: `$(debug-stop) ${plain(site.lease.publication.hostname)}: server stopped`,
        explain: `**Your server does not run.** ${link(site.lease.publication)} stays yours: start the server again, and it is live at once.`,
        command: 'workbench.action.terminal.focus',
        offers: ['workbench.action.terminal.focus', ...whilePublic],
      };
    case 'away':
      return {
        text: '$(debug-disconnect) Away',
        explain: site.lease
          ? `**This window does not answer.** ${link(site.lease.publication)} will be taken down if that lasts.`
          : '**This window did not answer for a while,** so your site was taken down. It comes back with the window.',
        command: 'classroomTunnel.showLog',
        offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
      };
    case 'failed':
      return problemLook(site.problem, `$(error) Not public: ${plain(site.problem.title)}`, 'error');
    case 'notPublic':
      return problemLook(noPort, '$(warning) Not public: no PORT', 'warning');
  }
}

function answeredElsewhereLook(publication: Publication): Look {
  return {
    text: `$(globe) ${plain(publication.hostname)}`,
    explain: `**Another window of yours serves this site.** ${link(publication)} leads to the server that was started there; the command in this window has ended.`,
    command: 'classroomTunnel.open',
    offers: whilePublic,
  };
}

function waitingLook({ lease: { publication }, elsewhere, mute }: AwaitingServer, port: number): Look {
  const waits = mute
    ? `and your server listens, but gives it no answer.** It may still be making its first page. If it stays so: is it a web server, and does it speak HTTP? HTTPS is what the link brings; start the server without it.`
    : `and waits for your server on port ${port}.** ${listensElsewhere(elsewhere, port)}`;
  return {
    text: `$(loading~spin) ${plain(publication.hostname)}: waiting for the server`,
    explain: `**${link(publication)} is public, ${waits}`,
    command: 'classroomTunnel.showLog',
    offers: whilePublic,
  };
}

function refusalLook(refusal: Refusal, publication: Publication): Look {
  const { title, message } = refusalProblem(refusal);
  return {
    text: `$(warning) ${plain(publication.hostname)}: ${plain(title)}`,
    explain: `**${escape(title)}** of ${link(publication)}. ${escape(message)}\n\nChange this in ${escape(refusal.file)}: ${code(refusal.fix)}\n\nThe site is live by itself, seconds after the server lets them in.`,
    command: 'classroomTunnel.showLog',
    offers: whilePublic,
    background: 'warning',
  };
}

function problemLook(problem: Problem, text: string, background: 'error' | 'warning'): Look {
  return {
    text,
    explain: `**${escape(problem.title)}.** ${escape(problem.message)}\n\n${escape(problem.action)}`,
    command: 'classroomTunnel.republish',
    offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
    background,
  };
}

function wait(note: Note | undefined, now: number): string {
  const seconds = Math.ceil(((note?.until ?? now) - now) / 1000);
  return seconds > 0 ? `: busy, trying again in ${seconds} s` : '';
}

const listensElsewhere = (other: number | undefined, port: number): string =>
  other === undefined
    ? ''
    : `It listens on port ${other} instead: start it with the port ${port} (for Vite: ${code(`npm run dev -- --port ${port}`)}).`;

/** The other sites of this window, in one line. */
function others(state: WindowState, shownPort: number): string {
  const rest = [...state.sites].filter(([port, { kind }]) => port !== shownPort && port !== 0 && kind !== 'idle');
  const names = rest.map(([port, site]) => {
    const lease = leaseOf(site);
    return `${lease ? link(lease.publication) : `port ${port}`} (${site.kind})`;
  });
  return names.length === 0 ? '' : `Also in this window: ${names.join(', ')}.`;
}

/** A link in Markdown to a published site. */
export const link = ({ hostname, url }: { hostname: string; url: string }): string =>
  `[${escape(hostname)}](${encodeURI(url)})`;

const escape = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-!|<>~$&]/g, '\\$&').replace(/\s+/g, ' ');
const code = (text: string): string => `\`${text.replaceAll('`', '')}\``;
/** In a status bar, `$(name)` is an icon: a text from outside must not make one. */
const plain = (text: string): string => text.replaceAll('$(', '( ').replace(/\s+/g, ' ');
