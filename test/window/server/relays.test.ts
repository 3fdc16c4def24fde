import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShieldPart } from '../../../src/relay/shield.ts';
import { children, readProcess } from '../../../src/shell/processes.ts';
import { Relays, shortestLife } from '../../../src/window/server/relays.ts';
import { buildRelay, listenOnFreePort } from '../../relay/helpers.ts';
import { publication } from '../site/sites.ts';

const { port } = publication;

describe('window/server/relays', () => {
  let folder: string;
  let relay: string;
  let server: Server;
  let serverPort: number;
  let now: number;
  let grace: number;
  let relays: Relays;
  let blocked: string[];
  let allow: ShieldPart[];
  const log = new EventEmitter();
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'relays-'));
    relay = await buildRelay(folder);
    server = createServer((_request, response) => response.end('the site'));
    serverPort = await listenOnFreePort(server);
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    now = 0;
    grace = 60;
    blocked = [];
    allow = [];
    relays = new Relays({
      folder: () => join(folder, 'sockets'),
      command: [process.execPath, relay],
      env: {},
      allow: () => allow,
      graceSeconds: () => grace,
      log: (message) => log.emit('message', message),
      onBlocked: ({ hostname }, { part, target }) => blocked.push(`${hostname} ${part} ${target}`),
      onLost: () => undefined,
      now: () => now,
    });
  });
  afterEach(async () => {
    relays.end(port);
    for (const pid of relayPids()) await untilEnded(pid);
  });

  const relayPids = (): number[] =>
    children(process.pid).flatMap(({ pid, argv }) => (argv.includes(relay) ? [pid] : []));

  async function start(): Promise<string> {
    assert.ok(relays.prepare());
    assert.ok(await relays.serve(publication));
    relays.setTarget(port, { port: serverPort, address: '127.0.0.1' });
    return relays.socketOf(port) ?? '';
  }
  async function get(socketPath: string, path = '/'): Promise<string> {
    const sent = request({ socketPath, path, agent: false, headers: { host: publication.hostname } });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return body;
  }
  /** An instruction may be read after a request that was sent later. */
  async function untilServed(socketPath: string): Promise<void> {
    while ((await get(socketPath).catch(() => '')) !== 'the site');
  }
  async function killed(): Promise<void> {
    const [pid] = relayPids();
    const ended = new Promise<void>((resolve) => {
      log.on('message', (message: string) => {
        if (message.includes('ended (SIGKILL)')) resolve();
      });
    });
    process.kill(pid ?? 0, 'SIGKILL');
    await ended;
    log.removeAllListeners();
  }

  it('forwards to the target, and starts no second relay for the same port', async () => {
    const socket = await start();
    await untilServed(socket);
    assert.ok(await relays.serve(publication));
    assert.equal(relayPids().length, 1);
  });

  it('logs each blocked request, and reports the first of a publication', async () => {
    const socket = await start();
    await untilServed(socket);
    for (const target of ['/.env', '/.git/config']) {
      const logged = once(log, 'message') as Promise<[string]>;
      assert.match(await get(socket, target), /may not see this/);
      assert.equal((await logged)[0], `port 3000: a visitor's request was blocked (hiddenFiles): "${target}"`);
    }
    assert.deepEqual(blocked, ['student1.example.com hiddenFiles /.env']);
  });

  it('blocks nothing that the teacher allows', async () => {
    allow = ['hiddenFiles'];
    const socket = await start();
    await untilServed(socket);
    assert.equal(await get(socket, '/.env'), 'the site');
    assert.match(await get(socket, '/__open-in-editor?file=x'), /may not see this/);
  });

  it('starts a relay again that died, with the same target', async () => {
    const socket = await start();
    await untilServed(socket);
    now = shortestLife + 1;
    await killed();
    await untilServed(socket);
  });

  it('does not start a relay again that died at once', async () => {
    await start();
    now = shortestLife;
    await killed();
    assert.deepEqual(relayPids(), []);
  });

  it('ends at once when the site is down', async () => {
    await untilServed(await start());
    const [pid = 0] = relayPids();
    relays.end(port);
    await untilEnded(pid);
    assert.equal(relays.socketOf(port), undefined);
  });

  it('keeps serving for the grace after a failed release', async () => {
    grace = 0.5;
    const socket = await start();
    await untilServed(socket);
    const [pid = 0] = relayPids();
    const started = performance.now();
    relays.end(port, { later: true });
    assert.equal(await get(socket), 'the site');
    await untilEnded(pid);
    assert.ok(performance.now() - started >= 490);
  });

  it('says that a relay cannot start, and never goes without one', async () => {
    const broken = new Relays({
      folder: () => join(folder, 'sockets'),
      command: [process.execPath, join(folder, 'missing.cjs')],
      env: {},
      graceSeconds: () => 0,
      log: () => undefined,
      onLost: () => undefined,
    });
    assert.equal(await broken.serve(publication), false);
    assert.equal(broken.prepare(), true);
    assert.equal(broken.socketOf(port), undefined);
  });

  it('needs a folder', () => {
    const without = new Relays({
      folder: () => undefined,
      command: [],
      env: {},
      graceSeconds: () => 0,
      log: () => undefined,
      onLost: () => undefined,
    });
    assert.equal(without.prepare(), false);
  });
});

/** A child of this process; the event loop has to turn for its end to be noticed. */
async function untilEnded(pid: number): Promise<void> {
  while (readProcess(pid) !== undefined) await new Promise((resolve) => setImmediate(resolve));
}
