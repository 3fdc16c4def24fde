import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RelayedSite, type RelayedSiteOptions } from '../../src/cli/relayedSite.ts';
import { parseConfig } from '../../src/provisioning/config.ts';

type RelayOptions = Parameters<RelayedSiteOptions['start']>[0];

const published = { event: 'published', url: 'https://student1.example.com' };
const paused = { event: 'error', code: 'paused', message: 'Paused until 10:30.', action: 'Wait.' };
const stopped = { event: 'error', code: 'stopped', message: 'Your teacher has taken it down.', action: 'Ask.' };
const busy = { event: 'error', code: 'busy', message: 'Busy.', action: 'Wait.', retryAfterSeconds: 5 };
const live = 'your site is at https://student1.example.com';
const isPaused = 'this site is not public: Paused until 10:30. Wait.';

/** A site whose relay, command and clock the test controls. */
class Site {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'relayed-'));
  readonly calls: string[] = [];
  readonly said: string[] = [];
  readonly #events = new EventEmitter();
  readonly #waits: (() => void)[] = [];
  relay: RelayOptions | undefined;
  #site: RelayedSite | undefined;
  #served = Promise.resolve();
  #isOver = false;

  /** @param answers of the command; the last one stays */
  constructor(readonly answers: Readonly<Record<string, unknown>>[]) {}

  async start(): Promise<void> {
    const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const text = { accountId: 'a', tunnelId: 't', zoneId: 'z', hostname: '{user}.example.com', stateDir: this.folder };
    const config = parseConfig(path.join(this.folder, 'config.json'), JSON.stringify(text), 'server1');
    const site = await RelayedSite.open({
      session: { config, caller: { user: 'student1', uid, gid } as unknown as RelayedSiteOptions['session']['caller'] },
      port: 3000,
      holder: 'run-1',
      env: {},
      tool: (words) => {
        this.calls.push(words.filter((word) => word.startsWith('--relay-port') || word === '--verify').join(' '));
        const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
        setImmediate(() => this.#events.emit('called'));
        return Promise.resolve(answer ?? {});
      },
      say: (line) => this.said.push(line),
      start: (options) => {
        this.relay = options;
        return Promise.resolve({
          ...{
            pid: 1,
            setTarget: () => undefined,
            setAccess: () => undefined,
            published: () => undefined,
            release: () => undefined,
          },
          ...{ openPort: () => Promise.resolve(40_000), end: () => undefined, exited: new Promise(() => undefined) },
        });
      },
      guard: () => spawn('/bin/sh', ['-c', 'cat >/dev/null'], { stdio: ['pipe', 'ignore', 'ignore'] }),
      wait: () => new Promise<void>((resolve) => this.#waits.push(resolve)),
    });
    const isOver = (): boolean => this.#isOver;
    const over = once(this.#events, 'over');
    const life = { runPid: process.pid, serverPid: () => undefined, folder: () => this.folder, isOver, over };
    this.#site = site;
    this.#served = site.serve(life);
  }

  /** Resolves when the command has been called so many times. */
  async called(times: number): Promise<void> {
    while (this.calls.length < times) await once(this.#events, 'called');
    await new Promise(setImmediate);
  }

  /** Every wait is over. */
  pass(): void {
    for (const resolve of this.#waits.splice(0)) resolve();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#events.emit('over');
    await this.#served;
    await this.#site?.close();
    rmSync(this.folder, { recursive: true });
  }
}

describe('cli/relayedSite: the site of a plain shell', () => {
  let site: Site;
  afterEach(() => site.end());

  async function start(...answers: Readonly<Record<string, unknown>>[]): Promise<void> {
    site = new Site(answers);
    await site.start();
    await site.called(1);
  }

  it('is published again when visitors do not reach it, as with a connector that is gone', async () => {
    await start(published);
    site.relay?.onLost?.('Cloudflare answers 530');
    await site.called(2);
    site.relay?.onReachedAgain?.();
    assert.deepEqual(site.calls, ['', '--verify']);
    assert.deepEqual(site.said, [
      live,
      'visitors do not reach your site: Cloudflare answers 530. It is published again.',
      'visitors reach your site again.',
    ]);
  });

  it('is published when a pause ends that began before it, or while it was live', async () => {
    await start(paused, paused, published);
    for (const times of [2, 3]) {
      site.pass();
      await site.called(times);
    }
    assert.deepEqual(site.said, [isPaused, live]);
    site.answers.unshift(paused, paused);
    site.relay?.onLost?.('Cloudflare answers 404');
    await site.called(4);
    site.relay?.onLost?.('Cloudflare answers 404'); // as the relay repeats it
    for (const times of [5, 6]) {
      site.pass();
      await site.called(times);
    }
    assert.deepEqual(site.said.slice(2), [
      'visitors do not reach your site: Cloudflare answers 404. It is published again.',
      isPaused,
      live,
    ]);
  });

  it('is tried again when the class is busy, and not when the teacher has stopped it', async () => {
    await start(busy, published, stopped);
    site.pass();
    await site.called(2);
    site.relay?.onLost?.('Cloudflare answers 404');
    await site.called(3);
    site.pass();
    site.relay?.onLost?.('Cloudflare answers 404');
    await site.called(4);
    assert.deepEqual(
      site.said.filter((line) => line.includes('teacher')),
      ['this site is not public: Your teacher has taken it down. Ask.'],
    );
    assert.equal(site.said.filter((line) => line.startsWith('visitors do not')).length, 1);
  });

  it('gets a port over http2, where the connector carries no WebSocket to a socket', async () => {
    await start({ ...published, needsRelayPort: true }, published);
    await site.called(2);
    assert.deepEqual(site.calls, ['', '--relay-port']);
  });

  it('gets a port when none of its WebSockets arrive', async () => {
    await start(published);
    site.relay?.onNoWebSockets?.();
    await site.called(2);
    assert.deepEqual(site.calls, ['', '--relay-port']);
  });

  it('tells the student of the first blocked request only', async () => {
    await start(published);
    for (const target of ['/.env', '/.git']) site.relay?.onBlocked?.({ part: 'hiddenFiles', target });
    assert.deepEqual(site.said.slice(1), [
      `a visitor's request for "/.env" was blocked: it is meant for the developer.`,
    ]);
  });
});
