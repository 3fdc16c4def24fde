import assert from 'node:assert/strict';
import type { CliError, CliOutcome } from '../../src/window/cli/events.ts';
import type { RunOptions } from '../../src/window/cli/run.ts';
import type { Problem, Publication } from '../../src/window/site/siteState.ts';
import { Window } from '../../src/window/window.ts';
import { publication, shell } from './site/sites.ts';

const published: CliOutcome = { event: 'published', ...publication, created: true, apiCalls: 4 };
const removed: CliOutcome = { event: 'removed', removed: true, message: 'Removed.', apiCalls: 4 };
const error: CliError = {
  event: 'error',
  code: 'api-unreachable',
  title: 'Offline',
  message: 'No network.',
  action: 'Wait.',
  exitCode: 1,
};

/** A window whose command is answered by hand. */
class Outside {
  readonly calls: { args: readonly string[]; options: RunOptions; answer: (outcome: CliOutcome) => void }[] = [];
  readonly guardians: { holder: string; said: string[]; lose: (killed: boolean) => void }[] = [];
  readonly told: (Publication | Problem)[] = [];
  readonly logged: string[] = [];
  readonly timers: { time: number; callback: () => void; cancelled: boolean }[] = [];
  guardianPid: number | undefined = 4242;
  /** What the relays were asked; `canRelay` says whether there can be any. */
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
      giveUp: (reason) => {
        this.relayed.push(`give up: ${reason}`);
        this.canRelay = false;
      },
      serve: ({ port }) => {
        this.relayed.push(`serve ${port}`);
        return Promise.resolve(this.canRelay);
      },
      end: (port, options) => this.relayed.push(`end ${port}${options?.later ? ' later' : ''}`),
    },
    tellLive: (live) => this.told.push(live),
    tellProblem: (problem) => this.told.push(problem),
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
  /** Answers a call, and lets everything that waits for it run. */
  async answer(index: number, outcome: CliOutcome): Promise<void> {
    await settled();
    assert.ok(this.calls[index], `call ${index} was not made`);
    this.calls[index].answer(outcome);
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the window', () => {
  let outside: Outside;
  beforeEach(() => (outside = new Outside()));

  async function live(): Promise<void> {
    outside.see('11:1');
    await outside.answer(0, published);
    outside.window.dispatch({ type: 'site', port: 3000, event: { type: 'listening' } });
  }

  it("publishes with a holder of its own, whose life is the guardian's", async () => {
    await live();
    assert.deepEqual(outside.calls[0]?.args, [
      'publish',
      '-p',
      '3000',
      '--holder',
      'window-w-1',
      '--holder-pid',
      '4242',
    ]);
    assert.deepEqual([outside.kind, outside.told], ['live', [publication]]);
  });

  it('makes no call when the server is stopped and started again', async () => {
    await live();
    for (const process of ['12:1', '13:1', '14:1']) {
      outside.see();
      outside.see(process);
      outside.window.dispatch({ type: 'site', port: 3000, event: { type: 'listening' } });
    }
    await settled();
    assert.deepEqual([outside.calls.length, outside.told.length, outside.kind], [1, 1, 'live']);
  });

  it('releases when the terminal is closed, and tells the guardian', async () => {
    await live();
    outside.window.dispatch({ type: 'closed', shell });
    await outside.answer(1, removed);
    assert.deepEqual(outside.calls[1]?.args, ['release', '--holder', 'window-w-1']);
    assert.deepEqual(outside.guardians[0]?.said, ['released']);
  });

  it('releases only after the publish that is under way', async () => {
    outside.see('11:1');
    await settled();
    outside.window.dispatch({ type: 'closed', shell });
    await settled();
    assert.equal(outside.calls.length, 1);
    await outside.answer(0, published);
    assert.deepEqual(outside.calls[1]?.args[0], 'release');
    assert.equal(outside.kind, 'idle');
  });

  it('says in the log that closing did not work, and leaves it to the guardian', async () => {
    await live();
    outside.window.dispatch({ type: 'closed', shell });
    await outside.answer(1, error);
    assert.deepEqual(outside.guardians[0]?.said, ['leave']);
    assert.match(outside.logged.join('\n'), /next run of anybody finishes it.*No network/);
  });

  it('tries again by itself when the command is busy', async () => {
    outside.see('11:1');
    await outside.answer(0, { ...error, code: 'rate-limited', exitCode: 75, retryAfterSeconds: 30 });
    assert.deepEqual([outside.kind, outside.timers[0]?.time], ['publishing', 1_030_000]);
    outside.timers[0]?.callback();
    await outside.answer(1, published);
    assert.deepEqual([outside.kind, outside.guardians.length, outside.told.length], ['waiting', 1, 0]);
  });

  it('shows until when everybody has to wait', async () => {
    outside.see('11:1');
    await settled();
    outside.calls[0]?.options.onEvent?.({ event: 'queued', message: 'Rate limit', until: '1970-01-01T00:20:00Z' });
    const site = outside.window.state.sites.get(3000);
    assert.deepEqual(site?.kind === 'publishing' && site.note, { message: 'Rate limit', until: 1_200_000 });
  });

  it('fails once, with the reason; its guardian cleans up what a failed publish may have left', async () => {
    outside.see('11:1');
    await outside.answer(0, error);
    outside.see('11:1');
    await settled();
    assert.deepEqual([outside.kind, outside.calls.length, outside.guardians[0]?.said], ['failed', 1, ['leave']]);
    assert.deepEqual(outside.told, [
      { code: 'api-unreachable', title: 'Offline', message: 'No network.', action: 'Wait.' },
    ]);
  });

  it('tries again by itself, ever later, what time may mend, and tells of it once', async () => {
    const unreachable = { ...error, retryAfterSeconds: 15 };
    outside.see('11:1');
    for (const [index, seconds] of [15, 30, 60, 120, 240, 240].entries()) {
      await outside.answer(index, unreachable);
      assert.deepEqual([outside.kind, outside.timers.at(-1)?.time], ['failed', 1_000_000 + seconds * 1000]);
      outside.timers.at(-1)?.callback();
    }
    assert.deepEqual(
      outside.told.map((told) => 'action' in told && told.action),
      ['Wait. It is tried again by itself.'],
    );
    await outside.answer(6, published);
    assert.equal(outside.kind, 'waiting');
    assert.deepEqual(
      outside.guardians.map(({ said }) => said.join()),
      ['leave', 'leave', 'leave', 'leave', 'leave', 'leave', ''],
    );
  });

  it('does not try again what the student has started anew, or given up', async () => {
    outside.see('11:1');
    await outside.answer(0, { ...error, retryAfterSeconds: 15 });
    outside.window.dispatch({ type: 'site', port: 3000, event: { type: 'republish', shell } });
    outside.timers[0]?.callback();
    await outside.answer(1, { ...error, retryAfterSeconds: 15 });
    outside.see();
    outside.timers[1]?.callback();
    await settled();
    assert.deepEqual([outside.kind, outside.calls.length], ['failed', 2]);
    outside.window.dispatch({ type: 'closed', shell });
    outside.timers[1]?.callback();
    await settled();
    assert.deepEqual([outside.kind, outside.calls.length], ['idle', 2]);
  });

  it('says so when taking down by hand does not work: it is still public', async () => {
    await live();
    outside.window.dispatch({ type: 'site', port: 3000, event: { type: 'unpublish' } });
    await outside.answer(1, error);
    assert.deepEqual([outside.kind, outside.guardians[0]?.said], ['failed', []]);
    outside.window.dispatch({ type: 'site', port: 3000, event: { type: 'unpublish' } });
    await outside.answer(2, removed);
    assert.deepEqual([outside.kind, outside.guardians[0]?.said], ['idle', ['released']]);
  });

  it('replaces a guardian that was killed, without a second notification', async () => {
    await live();
    outside.guardians[0]?.lose(true);
    await outside.answer(1, { ...published, created: false });
    outside.window.dispatch({ type: 'site', port: 3000, event: { type: 'listening' } });
    assert.deepEqual([outside.kind, outside.guardians.length, outside.told.length], ['live', 2, 1]);
    assert.notEqual(outside.guardians[0]?.holder, outside.guardians[1]?.holder);
  });

  it('believes a guardian that was stopped: the site is down', async () => {
    await live();
    outside.guardians[0]?.lose(false);
    await settled();
    assert.deepEqual([outside.kind, outside.calls.length], ['failed', 1]);
  });

  it('publishes nothing that no guardian watches over', async () => {
    outside.guardianPid = undefined;
    outside.see('11:1');
    await settled();
    assert.deepEqual([outside.kind, outside.calls.length], ['failed', 0]);
  });

  it('leads visitors through a relay, and ends it with the publication', async () => {
    outside.canRelay = true;
    await live();
    assert.ok(outside.calls[0]?.args.includes('--relay'));
    outside.window.dispatch({ type: 'closed', shell });
    await outside.answer(1, removed);
    assert.deepEqual(outside.relayed, ['serve 3000', 'end 3000']);
  });

  it('publishes straight to the port where there can be no relay, also if that shows only then', async () => {
    outside.canRelay = true;
    outside.see('11:1');
    await outside.answer(0, { ...error, code: 'socket-foreign', exitCode: 77 });
    await outside.answer(1, published);
    assert.deepEqual(
      outside.calls.map(({ args }) => args.includes('--relay')),
      [true, false],
    );
    assert.deepEqual([outside.kind, outside.told, outside.relayed], ['waiting', [], ['give up: No network.']]);
  });
});
