/** Builders of sites and events, and a walk through every state that a small world can reach. */
import {
  idleSite,
  type Holder,
  type Kind,
  type Problem,
  type Publication,
  type Run,
  type Site,
  type SiteEvent,
  type SiteEventType,
} from '../../../src/window/site/siteState.ts';
import { problemFor } from '../../../src/messages/messages.ts';
import type { Refusal } from '../../../src/relay/probeResult.ts';
import { transition } from '../../../src/window/site/transitions.ts';

export const publication: Publication = {
  hostname: 'student1.example.com',
  url: 'https://student1.example.com',
  port: 3000,
};
export const problem: Problem = { code: 'p', title: 'No', message: 'It did not work.', action: 'Mend it.' };
export const refusal: Refusal = {
  server: 'Vite',
  why: 'It does not like it',
  file: 'vite.config.js',
  fix: 'server: {}',
};
export const otherRefusal: Refusal = { ...refusal, fix: 'base: "/"' };
export const heldBy: Holder = { process: '12074:1', command: 'node server.js' };
export const stoppedByTeacher: Problem = problemFor('stopped-by-teacher');
export const lease = { life: 1, publication };
export const shell = '10:1';
export const otherShell = '20:1';
export const running = (process = '11:1', of = shell): Map<string, Run> => new Map([[of, { process, running: true }]]);
export const stopped = (process = '11:1', of = shell): Map<string, Run> => new Map([[of, { process, running: false }]]);

/** One site of each kind, with a running command where the kind allows it. */
export const examples = {
  idle: idleSite,
  publishing: { kind: 'publishing', runs: running(), notified: false, life: 1 },
  waiting: { kind: 'waiting', runs: running(), notified: false, lease },
  live: { kind: 'live', runs: running(), notified: true, lease },
  stopped: { kind: 'stopped', runs: stopped(), notified: true, lease },
  away: { kind: 'away', runs: running(), notified: true, lease },
  failed: { kind: 'failed', runs: running(), notified: false, problem },
  notPublic: { kind: 'notPublic', runs: running(), notified: true },
} as const satisfies { [K in Kind]: Extract<Site, { kind: K }> };

/** All events of a world with two terminals, three processes and one life. */
export const allEvents: readonly SiteEvent[] = [
  ...[
    { where: shell, processes: ['11:1', '12:1'] },
    { where: otherShell, processes: ['21:1'] },
  ].flatMap(({ where, processes }): SiteEvent[] => [
    ...processes.flatMap((process): SiteEvent[] => [
      { type: 'ran', shell: where, process },
      { type: 'ranWithoutPort', shell: where, process },
      { type: 'ranWithBadPort', shell: where, process, problem },
      { type: 'declined', shell: where, process },
    ]),
    { type: 'restored', shell: where, notified: true },
    { type: 'ended', shell: where },
    { type: 'closed', shell: where },
    { type: 'republish', shell: where },
  ]),
  { type: 'unpublish' },
  { type: 'queued', life: 1, note: { message: 'wait', until: 1000 } },
  { type: 'busy', life: 1, note: { message: 'busy', until: 1000 } },
  { type: 'retry', life: 1 },
  { type: 'published', life: 1, publication, created: true },
  { type: 'published', life: 1, publication, created: false },
  { type: 'refused', life: 1, problem },
  { type: 'refused', life: 1, problem, retryAfterSeconds: 15 },
  { type: 'refused', life: 1, problem: stoppedByTeacher },
  { type: 'notRemoved', lease, problem },
  { type: 'listening' },
  { type: 'silent' },
  { type: 'silent', elsewhere: 5173 },
  { type: 'silent', mute: true },
  { type: 'silent', heldBy },
  { type: 'visitorsRefused', refusal },
  { type: 'visitorsRefused', refusal: otherRefusal },
  { type: 'withdrawn', problem },
  { type: 'guardianLost', life: 1 },
  { type: 'lost', reason: 'status 404' },
  { type: 'lost', reason: 'status 404', lasts: true },
  { type: 'reachedAgain' },
  { type: 'hiddenServers', port: 5173, hidden: [5174] },
  { type: 'hiddenServers', port: 5173, hidden: [] },
  { type: 'windowSilent', seconds: 20, limitSeconds: 600 },
  { type: 'windowSilent', seconds: 600, limitSeconds: 600 },
  { type: 'windowAnswers' },
];

export interface Edge {
  readonly from: Kind;
  readonly to: Kind;
  readonly event: SiteEventType;
  readonly effects: readonly string[];
}

/** Every change that can happen, from a site that nobody holds: where the kind changes, or something is asked for. */
export function explore(): Edge[] {
  // A second refusal only changes which one the student was told of, and doubles the number of sites.
  const distinct = allEvents.filter((event) => event.type !== 'visitorsRefused' || event.refusal === refusal);
  const edges = new Map<string, Edge>();
  const seen = new Set<string>();
  for (let sites: Site[] = [idleSite]; sites.length > 0;) {
    const next: Site[] = [];
    for (const site of sites) {
      for (const event of distinct) {
        const step = transition(site, event, 1);
        if (step.site === site && step.effects.length === 0) continue;
        const effects = step.effects.map(({ type }) => type);
        if (step.site.kind !== site.kind || effects.length > 0) {
          const edge = { from: site.kind, to: step.site.kind, event: event.type, effects };
          edges.set(JSON.stringify(edge), edge);
        }
        const key = JSON.stringify({ ...step.site, runs: [...step.site.runs].sort() });
        if (!seen.has(key)) next.push(step.site);
        seen.add(key);
      }
    }
    sites = next;
  }
  return [...edges.values()];
}
