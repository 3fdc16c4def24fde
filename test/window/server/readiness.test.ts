import { textOf } from '../../../src/messages/texts.ts';
import { identify } from '../../../src/shell/processIds.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cookiePair } from '../../../src/relay/accessCookie.ts';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRelay, type Relay } from '../../../src/relay/relay.ts';
import type { Site } from '../../../src/window/site/siteState.ts';
import { emptyWindow } from '../../../src/window/site/windowState.ts';
import { whileCollecting } from '../../fixtures/garbage.ts';
import { listenOnFreePort, SITE } from '../../relay/helpers.ts';
import { examples, publication } from '../site/sites.ts';
import { noRelay, own, WatchedSite } from './watchedSite.ts';

const blocked: RequestListener = (_request, response) =>
  response.writeHead(403).end('Blocked request. This host ("student1.example.com") is not allowed.');
const isLive = ({ kind }: Site): boolean => kind === 'live';
const isMute = (site: Site): boolean => site.kind === 'waiting' && site.mute === true;
const isRefused = (site: Site): boolean => site.kind === 'waiting' && site.refusal !== undefined;

describe('window/server/readiness: a server that listens on a public port', () => {
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
  /** A relay at a socket of its own. */
  async function startRelay(): Promise<{ relay: Relay; socket: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'visits-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const relay = createRelay({ site: SITE, isOwn: () => true });
    cleanups.push(() => relay.close());
    const socket = join(folder, '1.sock');
    await once(relay.server.listen(socket), 'listening');
    return { relay, socket };
  }
  function watch(...args: ConstructorParameters<typeof WatchedSite>): WatchedSite {
    const watched = new WatchedSite(...args);
    cleanups.push(() => watched.watcher.dispose());
    return watched;
  }

  it('is reported once with its working folder, where its packages are', async () => {
    const port = await listen(createServer((_request, response) => response.end('<h1>Hello</h1>')));
    const watched = watch(port);
    const reports: unknown[] = [];
    watched.changes.on('server', (found) => reports.push(found));
    await watched.site(isLive);
    watched.watcher.lookNow(port);
    await watched.site(isLive);
    assert.deepEqual(reports, [[undefined, process.cwd()]]);
  });

  for (const [what, answer] of [
    ['a page', (_request, response) => response.end('<h1>Hello</h1>')],
    ['no page of its own', (_request, response) => response.writeHead(404).end('Cannot GET /')],
    ['an error of its own', (_request, response) => response.writeHead(500).end()],
  ] satisfies [string, RequestListener][]) {
    it(`is live when it responds with ${what}`, async () => {
      const watched = watch(await listen(createServer(answer)));
      await watched.site(isLive);
      assert.deepEqual(
        watched.effects.map(({ type }) => type),
        ['notifyLive'],
      );
      watched.watcher.follow(emptyWindow);
    });
  }

  it('is not live while it refuses visitors, which is reported once, and live once it accepts them', async () => {
    let answer = blocked;
    let received = 0;
    const requests = new EventEmitter();
    const watched = watch(
      await listen(
        createServer((request, response) => {
          answer(request, response);
          received += 1;
          requests.emit('request');
        }),
      ),
    );
    const site = await watched.site(isRefused);
    assert.deepEqual(site.kind === 'waiting' && site.refusal, {
      server: 'Vite',
      why: textOf('It does not serve pages for {hostname}', { hostname: 'student1.example.com' }),
      file: 'vite.config.js',
      fix: "server: { allowedHosts: ['student1.example.com'] },",
    });
    while (received < 4) await once(requests, 'request');
    answer = (_request, response) => response.end('<h1>Hello</h1>');
    await watched.site(isLive);
    assert.deepEqual(
      watched.effects.map(({ type }) => type),
      ['notifyProblem', 'notifyLive'],
    );
  });

  it('waits, with one probe at a time, while no response comes, and is live with the first', () =>
    whileCollecting(async () => {
      let probes = 0;
      let answers = false;
      const watched = watch(
        await listen(
          createServer((request, response) => {
            probes += 1;
            assert.equal(probes, 1, 'one probe at a time');
            request.socket.once('close', () => (probes -= 1));
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

  const otherServers: [string, () => Server][] = [
    [
      'speaks no HTTP',
      () => createTcpServer((socket) => socket.on('error', () => undefined).end('220 mail.example.com\r\n')),
    ],
    ['hangs up', () => createTcpServer((socket) => socket.destroy())],
    ['speaks HTTPS only', () => createTlsServer({})],
  ];
  for (const [what, create] of otherServers) {
    it(`waits, marked as mute, when it ${what}`, async () => {
      const watched = watch(await listen(create()));
      await watched.site(isMute);
      assert.deepEqual(watched.effects, []);
    });
  }

  it('is probed through its relay, whichever port it has', async () => {
    const { relay, socket } = await startRelay();
    await listen(
      createServer((request, response) => {
        if (request.headers.host?.startsWith('localhost:')) response.end('<h1>Hello</h1>');
        else blocked(request, response);
      }),
    );
    const watched = watch(1, {
      socketOf: () => socket,
      setTarget: (_port, target) => relay.setTarget(target),
      cookieFor: () => undefined,
    });
    await watched.site(isLive);
  });

  it('is probed behind the page that asks for a passphrase', async () => {
    const { relay, socket } = await startRelay();
    const access = { hash: null, key: randomBytes(32).toString('base64') };
    relay.setAccess(access);
    await listen(createServer(blocked));
    const watched = watch(1, {
      socketOf: () => socket,
      setTarget: (_port, target) => relay.setTarget(target),
      cookieFor: (url) => cookiePair(new URL(url), access, Date.now()),
    });
    await watched.site((site) => site.kind === 'waiting' && site.refusal !== undefined);
  });

  it('is named where it outlived its terminal and holds the port', async () => {
    const script =
      "require('http').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
    const earlier = spawn(process.execPath, ['-e', script]);
    const later = spawn('sleep', ['60']);
    cleanups.push(
      () => void earlier.kill(),
      () => void later.kill(),
    );
    const port = Number(String((await once(earlier.stdout, 'data'))[0]));
    const shell = identify(later.pid ?? 0) ?? '';
    const watched = watch(port, { socketOf: () => '/nowhere', setTarget: () => undefined, cookieFor: () => undefined });
    const lease = { life: 1, publication: { ...publication, port } };
    const runs = new Map([[shell, { process: shell, running: true }]]);
    watched.state = { ...watched.state, sites: new Map([[port, { ...examples.waiting, lease, runs }]]) };
    watched.watcher.follow(watched.state);
    const site = await watched.site((now) => now.kind === 'waiting' && now.heldBy !== undefined);
    assert.deepEqual(site.kind === 'waiting' && site.heldBy, {
      process: identify(earlier.pid ?? 0),
      command: [process.execPath, '-e', script].join(' ').slice(0, 80),
    });
  });

  it('is told once it replaces the one that visitors saw', async () => {
    const page: RequestListener = (_request, response) => response.setHeader('content-type', 'text/html').end('<p>');
    const { relay, socket } = await startRelay();
    const first = createServer(page);
    const firstPort = await listen(first);
    const watched = watch(1, {
      socketOf: () => socket,
      setTarget: (_port, target) => relay.setTarget(target),
      cookieFor: () => undefined,
    });
    await watched.site(isLive);
    const again = (shell: string): void =>
      watched.dispatch({ type: 'site', port: 1, event: { type: 'ran', shell, process: own } });
    const secondPort = await listen(createServer(page));
    const moved = once(watched.changes, 'moved');
    first.close();
    first.closeAllConnections();
    again('2:2');
    assert.deepEqual(await moved, [[secondPort, firstPort]]);
  });

  it('of another window keeps a site whose command has ended from being called stopped', async () => {
    const { relay, socket } = await startRelay();
    const otherWindow = await listen(createServer((_request, response) => response.end('<h1>Hello</h1>')));
    relay.setTarget({ port: otherWindow, address: '127.0.0.1' });
    const watched = watch(1, { socketOf: () => socket, setTarget: () => undefined, cookieFor: () => undefined });
    watched.dispatch({ type: 'site', port: 1, event: { type: 'ended', shell: own } });
    await watched.site((site) => site.kind === 'stopped' && site.answered === true);
  });

  it('is no longer probed once its command has ended', async () => {
    const requests = new EventEmitter();
    const port = await listen(createServer((request) => requests.emit('request', request.socket)));
    const watched = watch(port);
    const [socket] = (await once(requests, 'request')) as [EventEmitter];
    watched.dispatch({ type: 'site', port, event: { type: 'ended', shell: own } });
    await once(socket, 'close');
    assert.equal(watched.state.sites.get(port)?.kind, 'stopped');
  });
});
