/** A window in a world of the test's own: the test answers the command, rings the timers and loses the guardians. */
import assert from 'node:assert/strict';
import type { CliError, CliOutcome, Published, Removed } from '../../src/window/cli/events.ts';
import type { RunOptions } from '../../src/window/cli/run.ts';
import type { Problem, Publication, SiteEvent } from '../../src/window/site/siteState.ts';
import { Window } from '../../src/window/window.ts';
import { publication, shell } from './site/sites.ts';

export const published: Published = { event: 'published', ...publication, created: true, apiCalls: 4 };
export const removed: Removed = { event: 'removed', removed: true, message: 'Removed.', apiCalls: 4 };
export const failure: CliError = {
  event: 'error',
  code: 'api-unreachable',
  title: 'Offline',
  message: 'No network.',
  action: 'Wait.',
  exitCode: 1,
};

export class FakeWindowPorts {
  readonly calls: { args: readonly string[]; options: RunOptions; answer: (outcome: CliOutcome) => void }[] = [];
  readonly guardians: { holder: string; said: string[]; lose: (killed: boolean) => void }[] = [];
  /** The notifications to the student. */
  readonly notified: (Publication | Problem)[] = [];
  readonly logged: string[] = [];
  readonly typed: string[] = [];
  readonly timers: { time: number; callback: () => void; cancelled: boolean }[] = [];
  guardianPid: number | undefined = 4242;
  /** The calls of the relays; `canRelay` says whether there can be any. */
  readonly relayed: string[] = [];
  canRelay = false;

  readonly window = new Window({
    run: (args, options) => new Promise((answer) => this.calls.push({ args, options, answer })),
    startGuardian: (holder, lose) => {
      const said: string[] = [];
      this.guardians.push({ holder, said, lose });
      return { pid: this.guardianPid, released: () => said.push('released'), leave: () => said.push('leave') };
    },
    relays: {
      prepare: () => this.canRelay,
      serve: ({ port }) => {
        this.relayed.push(`serve ${port}`);
        return Promise.resolve(this.canRelay);
      },
      socketOf: () => undefined,
      usesPorts: false,
      isPrivate: false,
      usePorts: () => undefined,
      relayPortOf: () => Promise.resolve(undefined),
      end: (port, options) => this.relayed.push(`end ${port}${options?.later ? ' later' : ''}`),
    },
    notifyLive: (live) => this.notified.push(live),
    notifyProblem: (problem) => this.notified.push(problem),
    typeAgain: (shell, line) => this.typed.push(`${shell} ${line}`),
    log: (message) => this.logged.push(message),
    now: () => 1_000_000,
    at: (time, callback) => {
      const timer = { time, callback, cancelled: false };
      this.timers.push(timer);
      return { cancel: () => (timer.cancelled = true) };
    },
    windowId: 'window-w',
  });

  get kind(): string {
    return this.window.state.sites.get(3000)?.kind ?? 'idle';
  }
  see(...processes: string[]): void {
    this.window.dispatch({ type: 'observed', shell, commands: processes.map((process) => ({ process, port: 3000 })) });
  }
  /** Closes the terminal. */
  close(): void {
    this.window.dispatch({ type: 'closed', shell });
  }
  tell(event: SiteEvent): void {
    this.window.dispatch({ type: 'site', port: 3000, event });
  }
  /** Rings the timer that was set last, unless it was cancelled. */
  ring(): void {
    const timer = this.timers.at(-1);
    if (timer && !timer.cancelled) timer.callback();
  }
  /** Answers a call, and lets everything that waits for it run. */
  async answer(index: number, outcome: CliOutcome): Promise<void> {
    await settled();
    assert.ok(this.calls[index], `call ${index} was not made`);
    this.calls[index].answer(outcome);
    await settled();
  }
}

/** Lets everything run that waits for nothing more. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
