// The changes of a site's state that can happen: the state, the event, the next state and the effects.
import { noPort, refusalProblem, type Site, type SiteEvent } from '../../../src/window/site/siteState.ts';
import { problemFor } from '../../../src/messages/messages.ts';
import { textOf } from '../../../src/messages/texts.ts';
import {} from '../../../src/window/site/transitions.ts';
import {
  examples,
  heldBy,
  lease,
  otherShell,
  problem,
  publication,
  refusal,
  running,
  shell,
  stopped,
  stoppedByTeacher,
} from './sites.ts';

export const life = 7;
const publish = { type: 'publish', life, verify: false };
const again = { type: 'publish', life: 1, verify: true };
const release = { type: 'release', life: 1 };
const notifyProblem = { type: 'notifyProblem', problem };
export const ran = { type: 'ran', shell, process: '12:1' } as const;
const closed = { type: 'closed', shell } as const;
export const ended = { type: 'ended', shell } as const;
const withoutPort = { type: 'ranWithoutPort', shell, process: '12:1' } as const;
const badPort = { type: 'ranWithBadPort', shell, process: '12:1', problem } as const;
export const republish = { type: 'republish', shell } as const;
const restored = { type: 'restored', shell, notified: true } as const;
export const unpublish = { type: 'unpublish' } as const;
export const published = { type: 'published', life: 1, publication, created: true } as const;
const withdrawn = { type: 'withdrawn', problem } as const;
export const guardianLost = { type: 'guardianLost', life: 1 } as const;
export const windowSilent = { type: 'windowSilent', seconds: 20, limitSeconds: 600 } as const;
export const windowAnswers = { type: 'windowAnswers' } as const;
export const visitorsRefused = { type: 'visitorsRefused', refusal } as const;
const tellRefusal = { type: 'notifyProblem', problem: refusalProblem(refusal) };
const notifiedRefusal = `${tellRefusal.problem.title}: ${tellRefusal.problem.action}`;
const refusedForNow = { type: 'refused', life: 1, problem, retryAfterSeconds: 15 } as const;
const tellForNow = { type: 'notifyProblem', problem: { ...problem, isRetried: true } } as const;
const note = { message: 'busy', until: 5000 };
const secondServer = problemFor('second-server', { port: 5173, other: '5174' });
const held = problemFor('port-blocked', { port: publication.port, program: heldBy.command });
const lostNote = {
  message: textOf('Visitors do not reach your site ({reason}). It is being published again.', { reason: 'status 404' }),
};
export const { idle, publishing, waiting, live, away, failed, notPublic } = examples;
export const stoppedSite = examples.stopped;
const lostSite: Site = { ...live, lost: 'status 404' };
const hiding: Site = { ...live, hidden: [5174] };
const stoppedAway: Site = { ...away, runs: stopped() };
const awayReleased: Site = { kind: 'away', runs: running(), notified: true };
const failedPublic: Site = { ...failed, lease };
const failedForNow: Site = { ...failed, retry: { life: 1, failures: 1 } };
const stop = { type: 'refused', life: 1, problem: stoppedByTeacher } as const;
const tellStop = { type: 'notifyProblem', problem: stoppedByTeacher };
const takenDown: Site = { ...failed, problem: stoppedByTeacher };
const twoHolders = new Map([...running(), ...running('21:1', otherShell)]);
const otherRuns = new Map([...stopped(), ...running('21:1', otherShell)]);
const otherStopped = new Map([...running(), ...stopped('21:1', otherShell)]);

const idleWith = (runs: Site['runs']): Site => ({ kind: 'idle', runs, notified: false });
const byHand: Site['runs'] = new Map([[shell, { running: true }]]);
const restoredRun: Site['runs'] = new Map([[shell, { running: false }]]);
const restarted = running('12:1');
const publishingAgain = (site: Site): Site => ({ ...publishing, runs: site.runs, notified: site.notified, lease });
const failedNow = (site: Site, more: object = {}): Site => ({
  ...failed,
  runs: site.runs,
  notified: site.notified,
  ...more,
});
const problemForNow = tellForNow.problem;

/** A site, an event, the site after it, and what is asked for. */
export const table: [Site, SiteEvent, Site, readonly object[]][] = [
  [idle, ran, { ...publishing, runs: restarted, life }, [publish]],
  [idle, restored, { ...publishing, runs: restoredRun, notified: true, life }, [publish]],
  [idle, republish, { ...publishing, runs: byHand, life }, [{ ...publish, verify: true }]],
  [idle, { type: 'declined', shell, process: '12:1' }, idleWith(restarted), []],
  [idle, withoutPort, { ...notPublic, runs: restarted }, [{ type: 'notifyProblem', problem: noPort }]],
  [{ ...idle, notified: true }, withoutPort, { ...notPublic, runs: restarted }, []],
  [idle, badPort, { ...failed, runs: restarted }, [notifyProblem]],
  [idle, { type: 'notRemoved', lease, problem }, { ...failed, runs: new Map(), lease }, [notifyProblem]],
  [publishing, ran, { ...publishing, runs: restarted }, []],
  [publishing, ended, { ...publishing, runs: stopped() }, []],
  [publishing, closed, idle, [release]],
  [publishing, unpublish, idleWith(running()), [release]],
  [{ ...publishing, lease }, unpublish, idleWith(running()), [{ type: 'unpublish', lease }]],
  [publishing, { type: 'queued', life: 1, note }, { ...publishing, note }, []],
  [publishing, { type: 'busy', life: 1, note }, { ...publishing, note }, [{ type: 'retryAt', life: 1, at: 5000 }]],
  [publishing, { type: 'busy', life: 2, note }, publishing, []],
  [{ ...publishing, note }, { type: 'retry', life: 1 }, publishing, [{ ...again, verify: false }]],
  [{ ...publishing, note, lease }, { type: 'retry', life: 1 }, { ...publishing, lease }, [{ ...again, verify: false }]],
  [{ ...publishing, note }, republish, publishing, [again]],
  [publishing, republish, publishing, []],
  [publishing, published, waiting, []],
  [{ ...publishing, notified: true }, published, waiting, []],
  [{ ...publishing, notified: true }, { ...published, created: false }, { ...waiting, notified: true }, []],
  [{ ...publishing, runs: stopped() }, published, { ...stoppedSite, notified: false }, []],
  [publishing, { ...published, life: 2 }, publishing, []],
  [publishing, { type: 'refused', life: 1, problem }, failed, [{ type: 'abandon', life: 1 }, notifyProblem]],
  [publishing, { type: 'refused', life: 2, problem }, publishing, []],
  [{ ...publishing, lease }, { type: 'refused', life: 1, problem }, { ...failed, lease }, [notifyProblem]],
  [
    publishing,
    refusedForNow,
    { ...failed, problem: problemForNow, retry: { life: 1, failures: 1 } },
    [{ type: 'abandon', life: 1 }, { type: 'retryIn', life: 1, seconds: 15 }, tellForNow],
  ],
  [
    { ...publishing, lease },
    refusedForNow,
    { ...failed, problem: problemForNow, retry: { life: 1, failures: 1 }, lease },
    [{ type: 'retryIn', life: 1, seconds: 15 }, tellForNow],
  ],
  [
    { ...publishing, failures: 2 },
    refusedForNow,
    { ...failed, problem: problemForNow, retry: { life: 1, failures: 3 } },
    [
      { type: 'abandon', life: 1 },
      { type: 'retryIn', life: 1, seconds: 60 },
    ],
  ],
  [publishing, withdrawn, failed, [release, notifyProblem]],
  [publishing, guardianLost, { ...publishing, life }, [publish]],
  [
    live,
    { type: 'hiddenServers', port: 5173, hidden: [5174] },
    hiding,
    [{ type: 'notifyProblem', problem: secondServer }],
  ],
  [hiding, { type: 'hiddenServers', port: 5173, hidden: [5174] }, hiding, []],
  [hiding, { type: 'hiddenServers', port: 5173, hidden: [5174, 5175] }, { ...hiding, hidden: [5174, 5175] }, []],
  [hiding, { type: 'hiddenServers', port: 5173, hidden: [] }, live, []],
  ...[waiting, live, stoppedSite, away].map((site): [Site, SiteEvent, Site, object[]] => [
    site,
    { type: 'lost', reason: 'status 404' },
    { ...publishing, lease, runs: site.runs, notified: site.notified, note: lostNote },
    [again],
  ]),
  [
    live,
    { type: 'lost', reason: 'status 404', lasts: true },
    { ...publishing, lease, runs: live.runs, notified: live.notified, note: lostNote, lost: 'status 404' },
    [again],
  ],
  [{ ...publishing, lease, lost: 'status 404' }, published, { ...waiting, lost: 'status 404' }, []],
  [{ ...waiting, notified: true, lost: 'status 404' }, { type: 'listening' }, lostSite, []],
  [lostSite, { type: 'reachedAgain' }, live, []],
  [{ ...publishing, lost: 'status 404' }, { type: 'reachedAgain' }, publishing, []],
  [waiting, { type: 'listening' }, live, [{ type: 'notifyLive', publication }]],
  [{ ...waiting, notified: true }, { type: 'listening' }, live, []],
  [
    waiting,
    { type: 'listening', path: '/docs/' },
    { ...live, path: '/docs/' },
    [{ type: 'notifyLive', publication: { ...publication, url: `${publication.url}/docs/` } }],
  ],
  [waiting, { type: 'silent', elsewhere: 5173 }, { ...waiting, elsewhere: 5173 }, []],
  [waiting, { type: 'silent', mute: true }, { ...waiting, mute: true }, []],
  [{ ...waiting, elsewhere: 5173, mute: true }, { type: 'silent' }, waiting, []],
  ...[waiting, stoppedSite].flatMap((site): [Site, SiteEvent, Site, object[]][] => {
    const now = { ...site, heldBy, notifiedHolder: '12074:1' };
    return [
      [site, { type: 'silent', heldBy }, now, [{ type: 'notifyProblem', problem: held }]],
      [now, { type: 'silent', heldBy }, now, []],
      [now, { type: 'silent' }, { ...site, notifiedHolder: '12074:1' }, []],
    ];
  }),
  [waiting, visitorsRefused, { ...waiting, refusal, notifiedRefusal }, [tellRefusal]],
  [{ ...waiting, refusal }, { type: 'listening' }, live, [{ type: 'notifyLive', publication }]],
  [{ ...waiting, refusal }, ended, { ...stoppedSite, notified: false }, []],
  [waiting, ended, { ...stoppedSite, notified: false }, []],
  [live, { type: 'silent' }, { ...waiting, notified: true }, []],
  [live, ended, stoppedSite, []],
  [{ ...live, runs: twoHolders }, ended, { ...live, runs: otherRuns }, []],
  [{ ...live, runs: twoHolders }, closed, { ...live, runs: running('21:1', otherShell) }, []],
  [{ ...live, runs: otherStopped }, closed, { ...stoppedSite, runs: stopped('21:1', otherShell) }, []],
  [
    { ...waiting, runs: otherStopped },
    closed,
    { ...stoppedSite, notified: false, runs: stopped('21:1', otherShell) },
    [],
  ],
  [live, { ...ran, shell: otherShell }, { ...live, runs: new Map([...running(), ...running('12:1', otherShell)]) }, []],
  [stoppedSite, ran, { ...waiting, runs: restarted, notified: true }, []],
  ...[waiting, live, stoppedSite, away, failedPublic].flatMap((site): [Site, SiteEvent, Site, readonly object[]][] => [
    [site, closed, idle, [release]],
    [site, unpublish, idleWith(site.runs), [{ type: 'unpublish', lease }]],
    [site, republish, publishingAgain(site), [again]],
    [site, withdrawn, failedNow(site), [release, notifyProblem]],
    [site, guardianLost, { ...publishing, runs: site.runs, notified: site.notified, life }, [publish]],
    [site, { ...guardianLost, life: 2 }, site, []],
    [site, windowSilent, { ...away, runs: site.runs, notified: site.notified }, []],
  ]),
  [away, windowAnswers, { ...waiting, notified: true }, []],
  [stoppedAway, windowAnswers, stoppedSite, []],
  [away, { ...windowSilent, seconds: 599 }, away, []],
  [away, { ...windowSilent, seconds: 600 }, awayReleased, [release]],
  [awayReleased, { ...windowSilent, seconds: 620 }, awayReleased, []],
  [awayReleased, windowAnswers, { ...publishing, notified: true, life }, [publish]],
  [{ ...awayReleased, runs: stopped() }, windowAnswers, idleWith(stopped()), []],
  [awayReleased, closed, idle, []],
  [failedForNow, { type: 'retry', life: 1 }, { ...publishing, life, failures: 1 }, [publish]],
  [{ ...failedForNow, lease }, { type: 'retry', life: 1 }, { ...publishing, lease, failures: 1 }, [again]],
  [{ ...failedForNow, runs: stopped() }, { type: 'retry', life: 1 }, { ...failedForNow, runs: stopped() }, []],
  [failedForNow, { type: 'retry', life: 2 }, failedForNow, []],
  [publishing, stop, takenDown, [release, tellStop]],
  [{ ...publishing, lease }, stop, takenDown, [release, tellStop]],
  [takenDown, { type: 'retry', life: 1 }, takenDown, []],
  [takenDown, unpublish, idleWith(running()), []],
  [takenDown, ended, { ...takenDown, runs: stopped() }, []],
  [{ ...takenDown, runs: stopped() }, ran, { ...publishing, runs: restarted, life }, [publish]],
  [failed, { type: 'retry', life: 1 }, failed, []],
  [failed, ran, { ...publishing, runs: restarted, life }, [publish]],
  [failed, withoutPort, { ...notPublic, runs: restarted }, [{ type: 'notifyProblem', problem: noPort }]],
  [failed, badPort, { ...failed, runs: restarted }, [notifyProblem]],
  [failed, closed, idle, []],
  [failed, windowSilent, failed, []],
  [notPublic, withoutPort, { ...notPublic, runs: restarted }, []],
  [notPublic, badPort, { ...failed, runs: restarted, notified: true }, [notifyProblem]],
  [notPublic, ended, { ...idle, runs: stopped(), notified: true }, []],
  [notPublic, closed, idle, []],
];
