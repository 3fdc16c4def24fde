import assert from 'node:assert/strict';
import { refusalProblem, type Site, type SiteEvent } from '../../../src/window/site/siteState.ts';
import { problemFor } from '../../../src/messages/messages.ts';
import { transition } from '../../../src/window/site/transitions.ts';
import { allEvents, explore, otherRefusal, refusal, running } from './sites.ts';
import {
  life,
  ran,
  ended,
  republish,
  unpublish,
  published,
  guardianLost,
  windowSilent,
  windowAnswers,
  visitorsRefused,
  publishing,
  waiting,
  live,
  stoppedSite,
  table,
} from './transitionTable.ts';

describe("a site's machine", () => {
  for (const [site, event, next, effects] of table) {
    const detail =
      'lease' in site && site.kind === 'failed'
        ? ' (still public)'
        : site.kind === 'away' && !('lease' in site)
          ? ' (released)'
          : '';
    it(`${site.kind}${detail}, ${event.type}: ${next.kind}${effects.length > 0 ? `, asks for ${effects.map((effect) => (effect as { type: string }).type).join(', ')}` : ''}`, () =>
      assert.deepEqual(transition(site, event, life), { site: next, effects }));
  }

  it('has every change of state that can happen in the table above', () => {
    const tested = new Set(table.map(([site, event, next]) => `${site.kind} ${event.type} ${next.kind}`));
    const missing = explore()
      .map(({ from, event, to }) => `${from} ${event} ${to}`)
      .filter((change) => !tested.has(change));
    assert.deepEqual(missing, []);
  });

  it('leaves a state alone where an event says nothing to it', () => {
    const none = allEvents.filter(({ type }) => type === 'visitorsRefused' || type === 'queued');
    for (const event of none) assert.equal(transition(stoppedSite, event, life).site, stoppedSite);
  });

  it('keeps a stopped site stopped while another window of the student serves it', () => {
    const answered = transition(stoppedSite, { type: 'listening' }, life);
    assert.deepEqual(answered, { site: { ...stoppedSite, answered: true }, effects: [] });
    assert.deepEqual(transition(answered.site, { type: 'silent' }, life), { site: stoppedSite, effects: [] });
  });

  it('shows a refusal while it lasts, and tells it once for each publication', () => {
    const after = (site: Site, ...events: SiteEvent[]) =>
      events.reduce(
        ({ site: now, notified }, event) => {
          const next = transition(now, event, life);
          return {
            site: next.site,
            notified: [
              ...notified,
              ...next.effects.flatMap((effect) => (effect.type === 'notifyProblem' ? [effect.problem] : [])),
            ],
          };
        },
        { site, notified: [] as object[] },
      );
    const first = after(waiting, visitorsRefused);
    assert.deepEqual(first.site.kind === 'waiting' && first.site.refusal, refusal);
    assert.equal(after(first.site, visitorsRefused).site, first.site, 'nothing has changed');
    const restarted = after(first.site, ended, ran);
    assert.deepEqual(restarted.site, {
      ...waiting,
      runs: running('12:1'),
      notifiedRefusal: 'notifiedRefusal' in first.site ? first.site.notifiedRefusal : '',
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
      assert.deepEqual(
        after(first.site, ...events, visitorsRefused).notified,
        [],
        events.map(({ type }) => type).join(),
      );
    assert.deepEqual(after(first.site, { type: 'visitorsRefused', refusal: otherRefusal }).notified, [
      refusalProblem(otherRefusal),
    ]);
    assert.deepEqual(
      after(first.site, unpublish, ran, { ...published, life }, visitorsRefused).notified,
      [refusalProblem(refusal)],
      'another publication',
    );
  });

  it('does not publish again by itself what was taken down by hand', () => {
    const down = transition(live, unpublish, life).site;
    assert.deepEqual([down.kind, [...down.runs.values()]], ['idle', [{ process: '11:1', running: true }]]);
  });

  it('tries a paused site again when the command line says so, with even pauses', () => {
    const problem = problemFor('paused', { end: '', said: '.' });
    const event = { type: 'refused', life: 1, problem, retryAfterSeconds: 60 } as const;
    const { site, effects } = transition({ ...publishing, failures: 3 }, event, life);
    assert.deepEqual(effects, [
      { type: 'abandon', life: 1 },
      { type: 'retryIn', life: 1, seconds: 60 },
    ]);
    const retry = transition(site, { type: 'retry', life: 1 }, life);
    assert.deepEqual(retry.effects, [{ type: 'publish', life, verify: false }]);
  });

  it('notifies again only of what was made again', () => {
    assert.equal(
      transition({ ...publishing, notified: true }, { ...published, created: false }, life).site.notified,
      true,
    );
    assert.equal(transition({ ...publishing, notified: true }, published, life).site.notified, false);
  });
});
