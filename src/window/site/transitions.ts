// The state machine of one site: one table from state and event to the next state and its effects. Pure.
// docs/architecture.md has a drawing of it, which a test compares with this table. The steps are in actions.ts.
import { lostOnTheWay, reachedAgain } from './lost.ts';
import { isRunning, kept } from './siteState.ts';
import type { Kind, Of, Site, SiteEvent, SiteEventType, Step } from './siteState.ts';
import {
  anotherRan,
  closed,
  delayed,
  guardianLost,
  held,
  nowAway,
  nowFailed,
  nowLive,
  publish,
  publishAgain,
  published,
  refused,
  restored,
  runEnded,
  startedRun,
  step,
  tryAgain,
  unpublish,
  unpublishEarly,
  withBadPort,
  withEnded,
  withoutNote,
  withoutPort,
  withRun,
  withdrawn,
} from './actions.ts';
import { hiddenServers, silent, visitorsRefused } from './findings.ts';

type Handler<K extends Kind, E extends SiteEventType> = (
  site: Of<Site, 'kind', K>,
  event: Of<SiteEvent, 'type', E>,
  life: number,
) => Step;
type Table = { readonly [K in Kind]: { readonly [E in SiteEventType]?: Handler<K, E> } };

/**
 * Returns the next state of a site and the effects to start. An event without a transition changes nothing.
 * @param life a number never used before; it names the lease if this step starts one.
 */
export function transition(site: Site, event: SiteEvent, life: number): Step {
  const handlers: Partial<Record<SiteEventType, (site: Site, event: SiteEvent, life: number) => Step>> = table[
    site.kind
  ] as never;
  return handlers[event.type]?.(site, event, life) ?? { site, effects: [] };
}

/** The transitions of every public site, whether its server runs or not. */
const whilePublic = {
  restored,
  closed,
  republish: publishAgain,
  unpublish,
  withdrawn,
  guardianLost,
  lost: lostOnTheWay,
  reachedAgain,
};

/** The transitions of each state. silences.ts has the reason for every event without one. */
export const table = {
  idle: {
    ran: (site, event, life) => publish(site, startedRun(site, event), life, false, event.notified ?? false),
    restored: (site, event, life) =>
      publish(site, withRun(site, event.shell, { running: false }), life, false, event.notified),
    declined: (site, event) => step({ ...site, runs: startedRun(site, event) }),
    ranWithoutPort: withoutPort,
    ranWithBadPort: withBadPort,
    ended: runEnded,
    closed,
    republish: publishAgain,
    notRemoved: (site, event) => nowFailed(site, event.problem, event.lease),
  },
  publishing: {
    ran: anotherRan,
    restored,
    ended: runEnded,
    closed,
    republish: (site) =>
      site.note?.until === undefined
        ? step(site)
        : step(withoutNote(site), { type: 'publish', life: site.life, verify: true }),
    unpublish: unpublishEarly,
    queued: delayed,
    busy: delayed,
    retry: (site, event) =>
      event.life === site.life
        ? step(withoutNote(site), { type: 'publish', life: site.life, verify: false })
        : step(site),
    published,
    refused,
    withdrawn,
    guardianLost,
    reachedAgain,
  },
  waiting: {
    ...whilePublic,
    ran: anotherRan,
    ended: runEnded,
    listening: nowLive,
    silent,
    visitorsRefused,
    windowSilent: nowAway,
  },
  live: {
    ...whilePublic,
    ran: anotherRan,
    ended: runEnded,
    silent: (site) => held(site, site.lease),
    hiddenServers,
    windowSilent: nowAway,
  },
  stopped: {
    ...whilePublic,
    ran: (site, event) => held({ ...site, runs: startedRun(site, event) }, site.lease),
    ended: runEnded,
    listening: (site) => step({ ...kept(site), kind: 'stopped', lease: site.lease, answered: true }),
    silent,
    windowSilent: nowAway,
  },
  away: {
    ...whilePublic,
    ran: anotherRan,
    ended: runEnded,
    windowSilent: (site, event) =>
      site.lease && event.seconds >= event.limitSeconds
        ? step({ kind: 'away', ...kept(site) }, { type: 'release', life: site.lease.life })
        : step(site),
    windowAnswers: (site, _event, life) => {
      if (site.lease) return held(site, site.lease);
      return isRunning(site)
        ? publish(site, site.runs, life, false, site.notified)
        : step({ kind: 'idle', runs: site.runs, notified: false });
    },
  },
  failed: {
    reachedAgain,
    withdrawn,
    guardianLost,
    windowSilent: (site) => (site.lease ? nowAway({ ...site, lease: site.lease }) : step(site)),
    ran: (site, event, life) => publish(site, startedRun(site, event), life, false, site.notified),
    retry: tryAgain,
    ranWithoutPort: withoutPort,
    ranWithBadPort: withBadPort,
    ended: runEnded,
    closed,
    republish: publishAgain,
    unpublish,
  },
  notPublic: {
    ranWithoutPort: anotherRan,
    ranWithBadPort: withBadPort,
    // The warning is not repeated at every restart: the site remembers the notification.
    ended: (site, event) =>
      step({
        kind: isRunning({ ...site, runs: withEnded(site, event.shell) }) ? 'notPublic' : 'idle',
        runs: withEnded(site, event.shell),
        notified: true,
      }),
    closed,
  },
} satisfies Table;
