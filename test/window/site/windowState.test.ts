import assert from 'node:assert/strict';
import { chosenRun, idleSite, type Site } from '../../../src/window/site/siteState.ts';
import {
  emptyWindow,
  portToPublish,
  shownSite,
  windowStep,
  type WindowEvent,
  type WindowState,
} from '../../../src/window/site/windowState.ts';
import { examples, otherShell, problem, running, shell, stopped } from './sites.ts';

const having = (...sites: [number, Site][]): WindowState => ({ ...emptyWindow, sites: new Map(sites) });
const after = (...events: WindowEvent[]): WindowState =>
  events.reduce((state, event) => windowStep(state, event).state, emptyWindow);
const observed = (port: number, where = shell, process = `${port}:1`): WindowEvent => ({
  type: 'observed',
  shell: where,
  commands: [{ process, port }],
});

describe('the port that Republish publishes', () => {
  const assigned = 4000;
  const forgotten: Site = { kind: 'idle', runs: stopped(), notified: false };
  const cases: [string, WindowState, number | undefined][] = [
    ['the assigned one when the window has no site', emptyWindow, assigned],
    ['the one that a command runs on', having([3000, { kind: 'idle', runs: running(), notified: false }]), 3000],
    ['the one that is public though its server has stopped', having([3000, examples.stopped]), 3000],
    ['the one that failed though its command has ended', having([3000, { ...examples.failed, runs: stopped() }]), 3000],
    ['the one used last', having([3000, examples.live], [3001, examples.live]), 3001],
    ['never the site without a port', having([0, examples.notPublic]), assigned],
    ['not one whose command has ended', having([3000, forgotten]), assigned],
  ];
  for (const [what, state, expected] of cases) {
    it(`is ${what}`, () => assert.equal(portToPublish(state, assigned), expected));
  }

  it('is unknown when nothing is used and nothing is assigned', () => {
    assert.deepEqual([portToPublish(emptyWindow, null), portToPublish(emptyWindow, undefined)], [undefined, undefined]);
  });
});

describe('the site that the window shows', () => {
  it('is an idle one when there is none', () => assert.deepEqual(shownSite(emptyWindow).site.kind, 'idle'));

  it('is the one used last, also when an older one is used again', () => {
    const both = [observed(3000), observed(3001, otherShell)];
    assert.equal(shownSite(after(...both)).port, 3001);
    assert.equal(shownSite(after(...both, observed(3000, shell, '9:1'))).port, 3000);
  });

  it('is not one that only answers', () => {
    const state = after(observed(3000), observed(3001, otherShell), {
      type: 'site',
      port: 3000,
      event: { type: 'queued', life: 1, note: { message: 'wait' } },
    });
    assert.equal(shownSite(state).port, 3001);
  });

  it('is none that the student took down', () => {
    const state = having([3000, examples.live], [3001, { kind: 'idle', runs: running(), notified: false }]);
    assert.equal(shownSite(state).port, 3000);
  });
});

describe('a command that is seen', () => {
  it('changes nothing when it is seen again', () => {
    const state = after(observed(3000));
    assert.deepEqual(windowStep(state, observed(3000)), { state, effects: [] });
  });

  it('shows the server that the student chose last, and no other', () => {
    const ran = (shell: string, shows: number): WindowEvent => ({
      type: 'site',
      port: 3000,
      event: { type: 'ran', shell, process: `${shell}0`, shows },
    });
    const state = [ran('1:1', 4000), ran('2:1', 5000)].reduce(
      (now, event) => windowStep(now, event).state,
      emptyWindow,
    );
    const site = state.sites.get(3000) ?? idleSite;
    assert.deepEqual(
      [chosenRun(site), [...site.runs.values()].filter(({ shows }) => shows !== undefined).length],
      [{ process: '2:10', shows: 5000 }, 1],
    );
    const ended = windowStep(state, { type: 'site', port: 3000, event: { type: 'ended', shell: '2:1' } }).state;
    assert.equal(chosenRun(ended.sites.get(3000) ?? idleSite), undefined);
  });

  it('without a usable port makes the site that has none', () => {
    const withProblem: WindowEvent = { type: 'observed', shell, commands: [{ process: '11:1', port: problem }] };
    assert.deepEqual(
      [...after(withProblem).sites].map(([port, { kind }]) => [port, kind]),
      [[0, 'failed']],
    );
    const without: WindowEvent = { type: 'observed', shell, commands: [{ process: '11:1', port: undefined }] };
    assert.deepEqual(
      [...after(without).sites].map(([port, { kind }]) => [port, kind]),
      [[0, 'notPublic']],
    );
  });
});
