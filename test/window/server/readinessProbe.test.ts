import { identify } from '../../../src/shell/processIds.ts';
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRelay } from '../../../src/relay/relay.ts';
import { ReadinessWatcher } from '../../../src/window/server/readiness.ts';
import type { Site } from '../../../src/window/site/siteState.ts';
import {
  emptyWindow,
  windowStep,
  type WindowState,
  type WindowEffect,
  type WindowEvent,
} from '../../../src/window/site/windowState.ts';
import { ReadinessProbes } from '../../../src/window/server/readinessProbe.ts';
import { whileCollecting } from '../../fixtures/garbage.ts';
import { listenOnFreePort, SITE } from '../../relay/helpers.ts';
import { examples, publication } from '../site/sites.ts';

const own = identify(process.pid) ?? '';
const blocked: RequestListener = (_request, response) =>
  response.writeHead(403).end('Blocked request. This host ("student1.example.com") is not allowed.');
const noRelay = { socketOf: () => undefined, setTarget: () => undefined };

/** A window with one site that waits for a server of this process; its machine is the real one. */
class Watched {
  state: WindowState;
  readonly effects: WindowEffect[] = [];
  readonly changes = new EventEmitter();
  readonly watcher: ReadinessWatcher;

  constructor(
    readonly port: number,
    relays: ConstructorParameters<typeof ReadinessWatcher>[0]['relays'] = noRelay,
    patience?: number,
  ) {
    this.watcher = new ReadinessWatcher({
      relays,
      dispatch: (event) => this.dispatch(event),
      look: () => undefined,
      uid: process.getuid?.() ?? 0,
      visits: new ReadinessProbes(patience),
    });
    const lease = { life: 1, publication: { ...publication, port } };
    this.state = {
      sites: new Map([[port, { ...examples.waiting, lease, runs: new Map([[own, { process: own, running: true }]]) }]]),
      steps: 0,
    };
    this.watcher.follow(this.state);
  }

  dispatch(event: WindowEvent): void {
    const next = windowStep(this.state, event);
    this.state = next.state;
    this.effects.push(...next.effects);
    this.watcher.follow(this.state);
    this.changes.emit('change');
  }

  /** The site, as soon as it is so. */
  async site(isSo: (site: Site) => boolean): Promise<Site> {
    for (;;) {
      const site = this.state.sites.get(this.port);
      if (site && isSo(site)) return site;
      await once(this.changes, 'change');
    }
  }
}

const isLive = ({ kind }: Site): boolean => kind === 'live';
const isMute = (site: Site): boolean => site.kind === 'waiting' && site.mute === true;
const isRefused = (site: Site): boolean => site.kind === 'waiting' && site.refusal !== undefined;

describe('a server that listens on a public port', () => {
  const cleanups: (() => void)[] = [];
  afterEach(() =>
    cleanups
      .splice(0)
      .reverse()
      .forEach((clean) => clean()),
  );

  async function listen(server: Server & { closeAllConnections?: () => void }): Promise<number> {
    cleanups.push(() => {
      server.close();
      server.closeAllConnections?.();
    });
    return listenOnFreePort(server);
  }
  function watch(...args: ConstructorParameters<typeof Watched>): Watched {
    const watched = new Watched(...args);
    cleanups.push(() => watched.watcher.dispose());
    return watched;
  }

  for (const [what, answer] of [
    ['a page', (_request, response) => response.end('<h1>Hello</h1>')],
    ['no page of its own', (_request, response) => response.writeHead(404).end('Cannot GET /')],
    ['an error of its own', (_request, response) => response.writeHead(500).end()],
  ] satisfies [string, RequestListener][]) {
    it(`is live when it answers with ${what}`, async () => {
      const watched = watch(await listen(createServer(answer)));
      await watched.site(isLive);
      assert.deepEqual(
        watched.effects.map(({ type }) => type),
        ['tellLive'],
      );
      watched.watcher.follow(emptyWindow);
    });
  }

  it('is not live while it refuses visitors, which is told once, and live by itself when it no longer does', async () => {
    let answer = blocked;
    let asked = 0;
    const requests = new EventEmitter();
    const watched = watch(
      await listen(
        createServer((request, response) => {
          answer(request, response);
          asked += 1;
          requests.emit('request');
        }),
      ),
    );
    const site = await watched.site(isRefused);
    assert.deepEqual(site.kind === 'waiting' && site.refusal, {
      server: 'Vite',
      why: 'it does not serve pages for student1.example.com',
      file: 'vite.config.js',
      fix: "server: { allowedHosts: ['student1.example.com'] },",
    });
    while (asked < 4) await once(requests, 'request');
    answer = (_request, response) => response.end('<h1>Hello</h1>');
    await watched.site(isLive);
    assert.deepEqual(
      watched.effects.map(({ type }) => type),
      ['tellProblem', 'tellLive'],
    );
  });

  it('waits, visited by one at a time, while it gives no answer, and is live with the first', () =>
    whileCollecting(async () => {
      let visitors = 0;
      let answers = false;
      const watched = watch(
        await listen(
          createServer((request, response) => {
            visitors += 1;
            assert.equal(visitors, 1, 'never two at a time');
            request.socket.once('close', () => (visitors -= 1));
            if (answers) response.end('at last');
          }),
        ),
        noRelay,
        300,
      );
      await watched.site(isMute);
      answers = true;
      await watched.site(isLive);
    }));

  const strangers: [string, () => Server][] = [
    [
      'speaks no HTTP',
      () => createTcpServer((socket) => socket.on('error', () => undefined).end('220 mail.example.com\r\n')),
    ],
    ['hangs up', () => createTcpServer((socket) => socket.destroy())],
    ['speaks HTTPS only', () => createTlsServer({})],
  ];
  for (const [what, create] of strangers) {
    it(`waits, and is said to be mute, when it ${what}`, async () => {
      const watched = watch(await listen(create()));
      await watched.site(isMute);
      assert.deepEqual(watched.effects, []);
    });
  }

  it('is visited through its relay where it has one, whatever port it took', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'visits-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const relay = createRelay({ site: SITE, isOwn: () => true });
    cleanups.push(() => relay.close());
    const socket = join(folder, '1.sock');
    await once(relay.server.listen(socket), 'listening');
    await listen(
      createServer((request, response) => {
        if (request.headers.host?.startsWith('localhost:')) response.end('<h1>Hello</h1>');
        else blocked(request, response);
      }),
    );
    const watched = watch(1, { socketOf: () => socket, setTarget: (_port, target) => relay.setTarget(target) });
    await watched.site(isLive);
  });

  it('is left alone when the site has moved on', async () => {
    const visitors = new EventEmitter();
    const port = await listen(createServer((request) => visitors.emit('visitor', request.socket)));
    const watched = watch(port);
    const [socket] = (await once(visitors, 'visitor')) as [EventEmitter];
    watched.dispatch({ type: 'site', port, event: { type: 'ended', shell: own } });
    await once(socket, 'close');
    assert.equal(watched.state.sites.get(port)?.kind, 'stopped');
  });
});
