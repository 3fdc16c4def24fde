// The texts of a site that has a problem: visitors do not reach it, its server refuses them, or it is not public. Pure.
import { worded } from '../messages/messages.ts';
import { say, t } from '../messages/texts.ts';
import type { Refusal } from '../relay/probeResult.ts';
import { forMarkdown, forMarkdownCode, forStatusBar, markdownLink } from './escape.ts';
import { whilePublic, type Look } from './presentWaiting.ts';
import { pausedCode, refusalProblem, stoppedByTeacherCode } from './site/siteState.ts';
import type { Problem, Publication, Site } from './site/siteState.ts';

/** The way to a site that waits for its server or is live is broken; undefined if it is not. */
export function lostLook(site: Site): Look | undefined {
  if (site.lost === undefined || (site.kind !== 'live' && site.kind !== 'waiting')) return undefined;
  const { publication } = site.lease;
  return {
    text: `$(warning) ${forStatusBar(publication.hostname)}: ${t('visitors do not reach it')}`,
    explain: t(
      '**Visitors do not reach your site** {link}: {reason}. It was published again and is checked twice a minute. If this lasts, tell your teacher.',
      { link: markdownLink(publication), reason: forMarkdown(say(site.lost)) },
    ),
    command: 'classroomTunnel.republish',
    offers: ['classroomTunnel.republish', ...whilePublic],
    background: 'warning',
  };
}

export function refusalLook(refusal: Refusal, publication: Publication): Look {
  const { title, message } = worded(refusalProblem(refusal));
  const link = markdownLink(publication);
  const [file, fix] = [forMarkdown(say(refusal.file)), forMarkdownCode(say(refusal.fix))];
  return {
    text: `$(warning) ${forStatusBar(publication.hostname)}: ${forStatusBar(title)}`,
    explain: [
      `**${forMarkdown(title)}** (${link}). ${forMarkdown(message)}`,
      t('Change this in {file}: {fix}', { file, fix }),
      t('The site goes live automatically once the server accepts visitors.'),
    ].join('\n\n'),
    command: 'classroomTunnel.showLog',
    offers: whilePublic,
    background: 'warning',
  };
}

export function failedLook(problem: Problem): Look {
  const isOfTeacher = [stoppedByTeacherCode, pausedCode].includes(problem.code);
  return problemLook(problem, worded(problem).title, isOfTeacher ? 'warning' : 'error');
}

/** @param reason why the site is not public */
export function problemLook(problem: Problem, reason: string, background: 'error' | 'warning'): Look {
  const { title, message, action } = worded(problem);
  return {
    text: `$(${background}) ${t('Not public: {reason}', { reason: forStatusBar(reason) })}`,
    explain: `${explanation({ title, message })}\n\n${forMarkdown(action)}`,
    command: 'classroomTunnel.republish',
    offers: ['classroomTunnel.republish', 'classroomTunnel.showLog'],
    background,
  };
}

function explanation({ title, message }: Pick<Problem, 'title' | 'message'>): string {
  if (message.startsWith(title)) return `**${forMarkdown(message)}**`;
  return `**${forMarkdown(title)}.** ${forMarkdown(message)}`;
}
