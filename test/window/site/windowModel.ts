/** A model of everything around the window: it responds as the command, the clock and the terminals can, and checks each step. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isRunning,
  leaseOf,
  refusalProblem,
  visitorsRefusedCode,
  type Problem,
  type Site,
  type SiteEvent,
} from '../../../src/window/site/siteState.ts';
import {
  emptyWindow,
  windowStep,
  type WindowState,
  type WindowEffect,
  type WindowEvent,
} from '../../../src/window/site/windowState.ts';
import { otherRefusal, problem, refusal, stoppedByTeacher } from './sites.ts';

export const shells = ['10:1', '20:1', '30:1'];
const ports = [3000, 3001];
const answers = ['created', 'there', 'busy', 'refused', 'refusedForNow', 'stoppedByTeacher'] as const;

/** Sends the window only events that can follow from what it asked for, and keeps its own account of leases and notifications. */
export class Model {
  state: WindowState = emptyWindow;
  /** Lives that have a lease, or may have one. */
  readonly held = new Set<number>();
  readonly pending: Extract<WindowEffect, { type: 'publish' }>[] = [];
  readonly timers: Extract<WindowEffect, { type: 'retryAt' | 'retryIn' }>[] = [];
  /** Notifications for each life, and how many publications it had: the first, and each that was created later. */
  readonly notified = new Map<number, number>();
  readonly publications = new Map<number, number>();
  /** The last refusal that was notified, for each publication. */
  readonly toldRefusals = new Map<string, string>();

  send(event: WindowEvent): void {
    const next = windowStep(this.state, event);
    this.state = next.state;
    for (const effect of next.effects) this.take(effect);
    this.check();
  }

  /** Gives the terminal another shell, and then the same name again, since names are few here. */
  replaceShell(shell: string): void {
    this.send({ type: 'shellReplaced', shell: `${shell}'`, previous: shell, at: 0 });
    assert.ok([...this.state.sites.values()].every(({ runs }) => !runs.has(shell)));
    this.send({ type: 'shellReplaced', shell, previous: `${shell}'`, at: 0 });
  }

  take(effect: WindowEffect): void {
    switch (effect.type) {
      case 'publish':
        this.held.add(effect.life);
        this.pending.push(effect);
        break;
      case 'release':
      case 'abandon':
        this.held.delete(effect.life);
        break;
      case 'unpublish':
        this.held.delete(effect.lease.life);
        break;
      case 'notifyLive': {
        const site = this.state.sites.get(effect.port);
        assert.equal(site?.kind, 'live', 'it is told that a site is live only when it is');
        const life = leaseOf(site)?.life ?? 0;
        this.notified.set(life, (this.notified.get(life) ?? 0) + 1);
        break;
      }
      case 'notifyProblem':
        if (effect.problem.code === visitorsRefusedCode) this.takeRefusal(effect.port, effect.problem);
        break;
      case 'typeAgain':
        assert.ok(effect.line === 'npm run dev', 'only the command that was typed is typed again');
        break;
      case 'retryAt':
      case 'retryIn':
        this.timers.push(effect);
        break;
    }
  }

  takeRefusal(port: number, problem: Problem): void {
    const site = this.state.sites.get(port);
    assert.ok(site?.kind === 'waiting' && site.refusal, 'a refusal is told only where it is shown');
    assert.deepEqual(problem, refusalProblem(site.refusal));
    const publication = `${site.lease.life} ${this.publications.get(site.lease.life) ?? 0}`;
    assert.notEqual(this.toldRefusals.get(publication), problem.action, 'the same refusal is told once');
    this.toldRefusals.set(publication, problem.action);
  }

  /** Responds to the oldest publish. */
  answer(kind: (typeof answers)[number]): void {
    const asked = this.pending.shift();
    if (!asked) return;
    const { life, port } = asked;
    const publication = { hostname: `p${port}.example.com`, url: `https://p${port}.example.com`, port };
    // A publication that another window made is notified once, like one of our own; so is each one made after it.
    const isFirst = kind === 'there' && !this.publications.has(life);
    if (kind === 'created' || isFirst) this.publications.set(life, (this.publications.get(life) ?? 0) + 1);
    const event: SiteEvent =
      kind === 'busy'
        ? { type: 'busy', life, note: { message: 'busy', until: 1 } }
        : kind === 'refused'
          ? { type: 'refused', life, problem }
          : kind === 'stoppedByTeacher'
            ? { type: 'refused', life, problem: stoppedByTeacher }
            : kind === 'refusedForNow'
              ? { type: 'refused', life, problem, retryAfterSeconds: 15 }
              : { type: 'published', life, publication, created: kind === 'created' };
    this.send({ type: 'site', port, event });
  }

  /** Rings the oldest timer. */
  ring(): void {
    const timer = this.timers.shift();
    if (timer) this.send({ type: 'site', port: timer.port, event: { type: 'retry', life: timer.life } });
  }

  check(): void {
    for (const [port, site] of this.state.sites) {
      const lease = leaseOf(site);
      if (lease) assert.ok(this.held.has(lease.life), `${port} ${site.kind} has a lease that nobody holds`);
      if (site.kind === 'live') assert.ok(isRunning(site), 'live without a running command');
      if (site.kind === 'stopped') assert.ok(!isRunning(site), 'stopped, though a command runs');
      if (site.kind !== 'idle') assert.ok(site.runs.size > 0, `${site.kind} without a terminal`);
    }
    const known = new Set([...this.state.sites.values()].flatMap((site) => lifeOf(site) ?? []));
    for (const life of this.held)
      assert.ok(known.has(life), `life ${life} is held, and no site of the window knows it`);
    for (const [life, times] of this.notified)
      assert.ok(times <= (this.publications.get(life) ?? 0), `life ${life} was told ${times} times`);
  }
}

function lifeOf(site: Site): number | undefined {
  if (site.kind === 'publishing') return site.life;
  return leaseOf(site)?.life;
}

export const anyShell = fc.constantFrom(...shells);
const anyPort = fc.constantFrom(...ports);
export const commandSeen = fc.record({
  process: fc.integer({ min: 100, max: 105 }).map((pid) => `${pid}:1`),
  port: fc.oneof({ weight: 6, arbitrary: anyPort }, { weight: 1, arbitrary: fc.constantFrom(undefined, problem) }),
  notified: fc.boolean(),
  declined: fc.boolean(),
});
export const anyMove: fc.Arbitrary<(model: Model) => void> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(anyShell, fc.uniqueArray(commandSeen, { maxLength: 2, selector: ({ process }) => process }))
      .map(
        ([shell, commands]) =>
          (model: Model) =>
            model.send({ type: 'observed', shell, commands }),
      ),
  },
  { weight: 4, arbitrary: fc.constantFrom(...answers).map((kind) => (model: Model) => model.answer(kind)) },
  { weight: 2, arbitrary: anyShell.map((shell) => (model: Model) => model.send({ type: 'closed', shell })) },
  {
    weight: 2,
    arbitrary: anyShell.map((shell) => (model: Model) => {
      const [line, command] = ['npm run dev', 'npm run dev'];
      model.send({ type: 'lineStarted', shell, line, command, at: 0 });
    }),
  },
  { weight: 1, arbitrary: anyShell.map((shell) => (model: Model) => model.replaceShell(shell)) },
  { weight: 2, arbitrary: fc.constant((model: Model) => model.ring()) },
  {
    weight: 1,
    arbitrary: fc.tuple(anyShell, anyPort, fc.boolean()).map(
      ([shell, port, notified]) =>
        (model: Model) =>
          model.send({ type: 'restored', shell, port, notified }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(40)
      .map((beats) => (model: Model) => model.send({ type: 'windowSilent', seconds: beats * 20, limitSeconds: 600 })),
  },
  { weight: 1, arbitrary: fc.constant((model: Model) => model.send({ type: 'windowAnswers' })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        anyPort,
        fc.constantFrom<SiteEvent>(
          { type: 'listening' },
          { type: 'listening' },
          { type: 'silent' },
          { type: 'silent', mute: true },
          { type: 'visitorsRefused', refusal },
          { type: 'visitorsRefused', refusal: otherRefusal },
          { type: 'unpublish' },
          { type: 'withdrawn', problem },
          { type: 'republish', shell: '10:1' },
        ),
      )
      .map(
        ([port, event]) =>
          (model: Model) =>
            model.send({ type: 'site', port, event }),
      ),
  },
  {
    weight: 1,
    arbitrary: anyPort.map((port) => (model: Model) => {
      const site = model.state.sites.get(port) ?? { kind: 'idle', runs: new Map(), notified: false };
      const life = site.kind === 'publishing' ? undefined : lifeOf(site);
      if (life === undefined) return;
      model.held.delete(life);
      const next = windowStep(model.state, { type: 'site', port, event: { type: 'guardianLost', life } });
      model.state = next.state;
      for (const effect of next.effects) model.take(effect);
      model.check();
    }),
  },
);
