import assert from 'node:assert/strict';
import { noPort, refusalProblem, type Kind, type Site, type SiteEvent } from '../../../src/window/site/siteState.ts';
import { transition } from '../../../src/window/site/transitions.ts';
import {
  allEvents,
  examples,
  explore,
  lease,
  otherRefusal,
  otherShell,
  problem,
  publication,
  refusal,
  running,
  shell,
  stopped,
} from './sites.ts';

const life = 7;
const publish = { type: 'publish', life, verify: false };
const again = { type: 'publish', life: 1, verify: true };
const release = { type: 'release', life: 1 };
const tellProblem = { type: 'tellProblem', problem };
const ran = { type: 'ran', shell, process: '12:1' } as const;
const closed = { type: 'closed', shell } as const;
const ended = { type: 'ended', shell } as const;
const withoutPort = { type: 'ranWithoutPort', shell, process: '12:1' } as const;
const badPort = { type: 'ranWithBadPort', shell, process: '12:1', problem } as const;
const republish = { type: 'republish', shell } as const;
const unpublish = { type: 'unpublish' } as const;
const published = { type: 'published', life: 1, publication, created: true } as const;
const withdrawn = { type: 'withdrawn', problem } as const;
const guardianLost = { type: 'guardianLost', life: 1 } as const;
const windowSilent = { type: 'windowSilent', seconds: 20, limitSeconds: 600 } as const;
const windowAnswers = { type: 'windowAnswers' } as const;
const visitorsRefused = { type: 'visitorsRefused', refusal } as const;
const tellRefusal = { type: 'tellProblem', problem: refusalProblem(refusal) };
const refusedForNow = { type: 'refused', life: 1, problem, retryAfterSeconds: 15 } as const;
const tellForNow = { type: 'tellProblem', problem: { ...problem, action: 'Mend it. It is tried again by itself.' } };
const note = { message: 'busy', until: 5000 };
const { idle, publishing, waiting, live, away, failed, notPublic } = examples;
const stoppedSite = examples.stopped;
const stoppedAway: Site = { ...away, runs: stopped() };
const awayReleased: Site = { kind: 'away', runs: running(), told: true };
const failedPublic: Site = { ...failed, lease };
const failedForNow: Site = { ...failed, retry: { life: 1, failures: 1 } };
const twoHolders = new Map([...running(), ...running('21:1', otherShell)]);

/** From, event, the kind after it, and what is asked for. */
const table: [Site, SiteEvent, Kind, readonly object[]][] = [
  [idle, ran, 'publishing', [publish]],
  [idle, { type: 'restored', shell, told: true }, 'publishing', [publish]],
  [idle, republish, 'publishing', [{ ...publish, verify: true }]],
  [idle, { type: 'declined', shell, process: '12:1' }, 'idle', []],
  [idle, withoutPort, 'notPublic', [{ type: 'tellProblem', problem: noPort }]],
  [{ ...idle, told: true }, withoutPort, 'notPublic', []],
  [idle, badPort, 'failed', [tellProblem]],
  [idle, { type: 'notRemoved', lease, problem }, 'failed', [tellProblem]],
  [publishing, ran, 'publishing', []],
  [publishing, ended, 'publishing', []],
  [publishing, closed, 'idle', [release]],
  [publishing, unpublish, 'idle', [release]],
  [{ ...publishing, lease }, unpublish, 'idle', [{ type: 'unpublish', lease }]],
  [publishing, { type: 'queued', life: 1, note }, 'publishing', []],
  [publishing, { type: 'busy', life: 1, note }, 'publishing', [{ type: 'retryAt', life: 1, at: 5000 }]],
  [{ ...publishing, note }, { type: 'retry', life: 1 }, 'publishing', [{ ...again, verify: false }]],
  [{ ...publishing, note }, republish, 'publishing', [again]],
  [publishing, republish, 'publishing', []],
  [publishing, published, 'waiting', []],
  [{ ...publishing, runs: stopped() }, published, 'stopped', []],
  [publishing, { ...published, life: 2 }, 'publishing', []],
  [publishing, { type: 'refused', life: 1, problem }, 'failed', [{ type: 'abandon', life: 1 }, tellProblem]],
  [{ ...publishing, lease }, { type: 'refused', life: 1, problem }, 'failed', [tellProblem]],
  [
    publishing,
    refusedForNow,
    'failed',
    [{ type: 'abandon', life: 1 }, { type: 'retryIn', life: 1, seconds: 15 }, tellForNow],
  ],
  [{ ...publishing, lease }, refusedForNow, 'failed', [{ type: 'retryIn', life: 1, seconds: 15 }, tellForNow]],
  [
    { ...publishing, failures: 2 },
    refusedForNow,
    'failed',
    [
      { type: 'abandon', life: 1 },
      { type: 'retryIn', life: 1, seconds: 60 },
    ],
  ],
  [publishing, withdrawn, 'failed', [release, tellProblem]],
  [publishing, guardianLost, 'publishing', [publish]],
  [waiting, { type: 'listening' }, 'live', [{ type: 'tellLive', publication }]],
  [{ ...waiting, told: true }, { type: 'listening' }, 'live', []],
  [waiting, { type: 'silent', elsewhere: 5173 }, 'waiting', []],
  [waiting, { type: 'silent', mute: true }, 'waiting', []],
  [waiting, visitorsRefused, 'waiting', [tellRefusal]],
  [{ ...waiting, refusal }, { type: 'listening' }, 'live', [{ type: 'tellLive', publication }]],
  [{ ...waiting, refusal }, ended, 'stopped', []],
  [waiting, ended, 'stopped', []],
  [live, { type: 'silent' }, 'waiting', []],
  [live, ended, 'stopped', []],
  [{ ...live, runs: twoHolders }, ended, 'live', []],
  [{ ...live, runs: twoHolders }, closed, 'live', []],
  [{ ...live, runs: new Map([...running(), ...stopped('21:1', otherShell)]) }, closed, 'stopped', []],
  [{ ...waiting, runs: new Map([...running(), ...stopped('21:1', otherShell)]) }, closed, 'stopped', []],
  [live, { ...ran, shell: otherShell }, 'live', []],
  [stoppedSite, ran, 'waiting', []],
  ...[waiting, live, stoppedSite, away, failedPublic].flatMap((site): [Site, SiteEvent, Kind, readonly object[]][] => [
    [site, closed, 'idle', [release]],
    [site, unpublish, 'idle', [{ type: 'unpublish', lease }]],
    [site, republish, 'publishing', [again]],
    [site, withdrawn, 'failed', [release, tellProblem]],
    [site, guardianLost, 'publishing', [publish]],
    [site, windowSilent, 'away', []],
  ]),
  [away, windowAnswers, 'waiting', []],
  [stoppedAway, windowAnswers, 'stopped', []],
  [away, { ...windowSilent, seconds: 600 }, 'away', [release]],
  [awayReleased, { ...windowSilent, seconds: 620 }, 'away', []],
  [awayReleased, windowAnswers, 'publishing', [publish]],
  [{ ...awayReleased, runs: stopped() }, windowAnswers, 'idle', []],
  [awayReleased, closed, 'idle', []],
  [failedForNow, { type: 'retry', life: 1 }, 'publishing', [publish]],
  [{ ...failedForNow, lease }, { type: 'retry', life: 1 }, 'publishing', [again]],
  [{ ...failedForNow, runs: stopped() }, { type: 'retry', life: 1 }, 'failed', []],
  [failedForNow, { type: 'retry', life: 2 }, 'failed', []],
  [failed, { type: 'retry', life: 1 }, 'failed', []],
  [failed, ran, 'publishing', [publish]],
  [failed, withoutPort, 'notPublic', [{ type: 'tellProblem', problem: noPort }]],
  [failed, badPort, 'failed', [tellProblem]],
  [failed, closed, 'idle', []],
  [failed, windowSilent, 'failed', []],
  [notPublic, withoutPort, 'notPublic', []],
  [notPublic, badPort, 'failed', [tellProblem]],
  [notPublic, ended, 'idle', []],
  [notPublic, closed, 'idle', []],
];

describe("a site's machine", () => {
  for (const [site, event, kind, effects] of table) {
    const detail =
      'lease' in site && site.kind === 'failed'
        ? ' (still public)'
        : site.kind === 'away' && !('lease' in site)
          ? ' (released)'
          : '';
    it(`${site.kind}${detail}, ${event.type}: ${kind}${effects.length > 0 ? `, asks for ${effects.map((effect) => (effect as { type: string }).type).join(', ')}` : ''}`, () => {
      const step = transition(site, event, life);
      assert.equal(step.site.kind, kind);
      assert.deepEqual(step.effects, effects);
    });
  }

  it('has every change of state that can happen in the table above', () => {
    const tested = new Set(table.map(([site, event, kind]) => `${site.kind} ${event.type} ${kind}`));
    const missing = explore()
      .map(({ from, event, to }) => `${from} ${event} ${to}`)
      .filter((change) => !tested.has(change));
    assert.deepEqual(missing, []);
  });

  it('leaves a state alone where an event says nothing to it', () => {
    const none = allEvents.filter(({ type }) => type === 'listening' || type === 'queued');
    for (const event of none) assert.equal(transition(stoppedSite, event, life).site, stoppedSite);
  });

  it('shows a refusal while it lasts, and tells it once for each publication', () => {
    const after = (site: Site, ...events: SiteEvent[]) =>
      events.reduce(
        ({ site: now, told }, event) => {
          const next = transition(now, event, life);
          return {
            site: next.site,
            told: [
              ...told,
              ...next.effects.flatMap((effect) => (effect.type === 'tellProblem' ? [effect.problem] : [])),
            ],
          };
        },
        { site, told: [] as object[] },
      );
    const first = after(waiting, visitorsRefused);
    assert.deepEqual(first.site.kind === 'waiting' && first.site.refusal, refusal);
    assert.equal(after(first.site, visitorsRefused).site, first.site, 'nothing has changed');
    const restarted = after(first.site, ended, ran);
    assert.deepEqual(restarted.site, {
      ...waiting,
      runs: running('12:1'),
      toldRefusal: 'toldRefusal' in first.site ? first.site.toldRefusal : '',
    });
    const over = [
      [ended, ran],
      [windowSilent, windowAnswers],
      [{ type: 'listening' }, { type: 'silent' }],
      [{ type: 'silent', mute: true }],
      [republish, { ...published, created: false }],
      [guardianLost, { ...published, life, created: false }],
    ] as const;
    for (const events of over)
      assert.deepEqual(after(first.site, ...events, visitorsRefused).told, [], events.map(({ type }) => type).join());
    assert.deepEqual(after(first.site, { type: 'visitorsRefused', refusal: otherRefusal }).told, [
      refusalProblem(otherRefusal),
    ]);
    assert.deepEqual(
      after(first.site, unpublish, ran, { ...published, life }, visitorsRefused).told,
      [refusalProblem(refusal)],
      'another publication',
    );
  });

  it('does not publish again by itself what was taken down by hand', () => {
    const down = transition(live, unpublish, life).site;
    assert.deepEqual([down.kind, [...down.runs.values()]], ['idle', [{ process: '11:1', running: true }]]);
  });

  it('tells anew only what was made anew', () => {
    assert.equal(transition({ ...publishing, told: true }, { ...published, created: false }, life).site.told, true);
    assert.equal(transition({ ...publishing, told: true }, published, life).site.told, false);
  });
});
