// The reason why an event changes nothing in a state. This table has every pair of state and event that `transitions.ts`
// has not: an event that is dropped without a reason does not compile.
import type { Kind, SiteEventType } from './siteState.ts';
import type { table } from './transitions.ts';

type Silences = { readonly [K in Kind]: { readonly [E in Exclude<SiteEventType, keyof (typeof table)[K]>]: string } };

const otherSite = 'A command without a usable port belongs to the site without one.';
const alreadyHeld = 'A site that was taken down before a reload is declined only while it has no holder.';
const late = 'It answers a publish of an earlier life.';
const notPublished = 'Nothing is public.';
const notAsked = 'The server is probed only while the site waits for it.';
const notAway = 'The window is not known to be away.';
const isPublic = 'A site that is public was taken down by hand successfully, or is asked again.';

/** Events of commands without a port go to the site that has none. */
const withPort = { ranWithoutPort: otherSite, ranWithBadPort: otherSite, declined: alreadyHeld } as const;
const answered = { queued: late, busy: late, retry: late, published: late, refused: late } as const;
const held = { ...withPort, ...answered, notRemoved: isPublic } as const;
const withoutServer = { listening: notAsked, visitorsRefused: notAsked } as const;
const noServerShown = 'Only a live site shows a server that could hide another one.';
const nothingPublic = {
  ...withoutServer,
  silent: notPublished,
  withdrawn: notPublished,
  guardianLost: notPublished,
  lost: notPublished,
  reachedAgain: notPublished,
  hiddenServers: noServerShown,
} as const;

export const silences: Silences = {
  idle: { ...answered, ...nothingPublic, unpublish: notPublished, windowSilent: notPublished, windowAnswers: notAway },
  publishing: {
    ...withPort,
    ...withoutServer,
    silent: notAsked,
    hiddenServers: noServerShown,
    lost: 'It is being published.',
    notRemoved: late,
    windowSilent: 'The publish ends first; the next silent beat finds the site public.',
    windowAnswers: notAway,
  },
  waiting: { ...held, hiddenServers: noServerShown, windowAnswers: notAway },
  live: { ...held, ...withoutServer, windowAnswers: notAway },
  stopped: { ...held, hiddenServers: noServerShown, visitorsRefused: notAsked, windowAnswers: notAway },
  away: {
    ...held,
    hiddenServers: noServerShown,
    ...withoutServer,
    silent: 'The server is checked when the window answers again.',
  },
  failed: {
    ...withoutServer,
    queued: late,
    busy: late,
    published: late,
    refused: late,
    declined: alreadyHeld,
    restored: 'The command that failed is newer than what the terminal held before the reload.',
    silent: notAsked,
    hiddenServers: noServerShown,
    lost: 'The problem that is shown comes first; Republish looks at what is there.',
    notRemoved: 'The first failure to take it down is shown already.',
    windowAnswers: notAway,
  },
  notPublic: {
    ...answered,
    ...nothingPublic,
    ran: 'A command with a port belongs to the site of that port.',
    declined: alreadyHeld,
    restored: notPublished,
    republish: 'Republish asks for a port: that port has a site of its own.',
    unpublish: notPublished,
    notRemoved: notPublished,
    windowSilent: notPublished,
    windowAnswers: notAway,
  },
};
