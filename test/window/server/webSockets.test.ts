import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { runCommand } from '../../../src/window/cli/run.ts';
import { Leases } from '../../../src/window/leases.ts';
import { Relays, shortestLife } from '../../../src/window/server/relays.ts';
import type { SiteEvent } from '../../../src/window/site/siteState.ts';
import { children } from '../../../src/shell/processes.ts';
import { commandFile } from '../../fixtures/provisioning/bundles.ts';
import { closeAll, startClassroom, type Classroom } from '../../fixtures/provisioning/classroom.ts';
import { callsOf } from '../../fixtures/provisioning/remote.ts';
import { skip } from '../../fixtures/skip.ts';
import { buildRelay, listenOnFreePort } from '../../relay/helpers.ts';

/** The window's leases and relays, the real command, a real relay, and a dev server with a WebSocket that echoes. */
describe('WebSockets through a window, the command, a relay and the edge', function () {
  this.timeout(120_000);
  let folder: string;
  let relayFile: string;
  let devServer: Server;
  let devPort: number;
  let classroom: Classroom;
  let relays: Relays;
  let leases: Leases;
  let lost: string[];
  let now: number;
  let onEvent: (event: SiteEvent) => void;
  const port = 3000;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sockets-'));
    relayFile = await buildRelay(folder);
    devServer = createServer((_request, response) => response.end('page'));
    new WebSocketServer({ server: devServer }).on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    devPort = await listenOnFreePort(devServer);
  });
  after(() => {
    devServer.close().closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    lost = [];
    now = 0;
  });
  afterEach(async () => {
    relays.end(port);
    await closeAll();
  });

  async function start(protocol: 'quic' | 'http2', changes: Record<string, unknown> = {}): Promise<void> {
    classroom = await startClassroom({ config: changes });
    classroom.standIn.world.tunnel.connector.protocol = protocol;
    openWindow();
  }

  function openWindow(): void {
    const env = { ...process.env, CLASSROOM_TUNNEL_CONFIG: classroom.configFile, CLASSROOM_TUNNEL_USER: 'student1' };
    const command = { words: [process.execPath, commandFile()], env };
    relays = new Relays({
      folder: () => classroom.in('sockets', String(process.getuid?.())),
      command: [process.execPath, relayFile],
      env: {},
      graceSeconds: () => 0,
      log: () => undefined,
      onLost: (_port, reason) => lost.push(reason.text),
      now: () => now,
    });
    leases = new Leases(
      {
        run: (args, options) => runCommand(command, args, options),
        startGuardian: () => ({ pid: process.pid, released: () => undefined, leave: () => undefined }),
        relays,
        log: () => undefined,
        now: () => now,
        at: () => ({ cancel: () => undefined }),
        windowId: 'window-1',
      },
      (_port, event) => onEvent(event),
    );
  }

  async function publish(): Promise<SiteEvent> {
    const event = await new Promise<SiteEvent>((resolve) => {
      onEvent = resolve;
      leases.publish(port, 1, false);
    });
    relays.setTarget(port, { port: devPort, address: '127.0.0.1' });
    return event;
  }

  const serviceOf = () => classroom.standIn.world.tunnel.config?.ingress[0]?.service ?? '';

  /** The text that comes back, or the status that refused the WebSocket. */
  async function echo(): Promise<string> {
    const socket = new WebSocket(`ws://127.0.0.1:${classroom.standIn.edgePort}/`, {
      headers: { host: 'student1.example.com' },
    });
    try {
      await once(socket, 'open');
      socket.send('hello');
      return String((await once(socket, 'message'))[0]);
    } catch (error) {
      return (error as Error).message;
    } finally {
      socket.terminate();
    }
  }

  it('go to the socket over quic, with the usual calls', async () => {
    await start('quic');
    assert.equal((await publish()).type, 'published');
    assert.match(serviceOf(), /^unix:/);
    assert.equal(await echo(), 'hello');
    assert.deepEqual(callsOf(classroom.standIn).sort(), ['GET config', 'GET records', 'POST batch', 'PUT config']);
  });

  it('go to a port of the relay over http2, and a later window begins with it', async () => {
    await start('http2');
    assert.equal((await publish()).type, 'published');
    const port = await relays.relayPortOf(3000);
    assert.equal(serviceOf(), `http://127.0.0.1:${port}`);
    assert.equal(await echo(), 'hello');
    const info = await classroom.done(['info', '-p', '3000']);
    assert.equal(info['usesRelayPorts'], true);
  });

  it('go to the socket again once every connection is quic', async () => {
    await start('http2');
    await publish();
    classroom.standIn.world.tunnel.connector.protocol = 'quic';
    await publish();
    assert.match(serviceOf(), /^unix:/);
    assert.equal(await echo(), 'hello');
  });

  it('are refused where the connector cannot be asked, until the relay has noticed it', async () => {
    await start('http2', { connectorUrl: null });
    await publish();
    assert.match(await echo(), /502/);
    relays.usePorts();
    await publish();
    assert.equal(await echo(), 'hello');
  });

  it('reach the relay that was started again, at the same port', async () => {
    await start('http2');
    await publish();
    const before = serviceOf();
    now = shortestLife + 1;
    for (const { pid, argv } of children(process.pid)) if (argv.includes(relayFile)) process.kill(pid, 'SIGKILL');
    for (let text = ''; text !== 'hello'; text = await echo());
    assert.deepEqual([serviceOf(), lost], [before, []]);
  });

  it('go to the socket where no relay listens at the port', async () => {
    await start('http2');
    relays.prepare();
    const { needsRelayPort } = await classroom.done(['publish', '-p', '3000', '--relay', '--relay-port', '1']);
    assert.equal(needsRelayPort, true);
    assert.match(serviceOf(), /^unix:/);
  });

  it('never go to a port at which another account listens', async function () {
    if (process.getuid?.() !== 0) skip(this, 'needs root');
    await start('http2');
    relays.prepare();
    const program = 'require("net").createServer().listen(0,"127.0.0.1",function(){console.log(this.address().port)})';
    const { child } = classroom.spawn(['setpriv', '--reuid=21001', '--clear-groups', process.execPath, '-e', program]);
    assert.ok(child.stdout);
    const theirs = String((await once(child.stdout, 'data'))[0]).trim();
    const { code, last } = await classroom.run(['publish', '-p', '3000', '--relay', '--relay-port', theirs, '--json']);
    assert.deepEqual([code, last['code'], serviceOf()], [77, 'port-foreign', '']);
  });
});
