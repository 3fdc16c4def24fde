import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mock } from 'node:test';
import { waitUntilLoaded } from '../../src/cli/connectorCheck.ts';
import { createManualClock } from '../standin/manualClock.ts';
import { closeAll, startClassroom, type Classroom, type Started } from '../fixtures/provisioning/classroom.ts';
import { Deferred } from '../fixtures/provisioning/deferred.ts';
import { callsOf } from '../fixtures/provisioning/remote.ts';

describe('a publication and the connector', () => {
  afterEach(closeAll);
  const clock = createManualClock();
  const publish = (classroom: Classroom) => classroom.launch(['publish', '-p', '3000', '--json']);

  /** The events that a command has printed, as they come. */
  async function nextEvent({ child }: Started, name: string): Promise<void> {
    assert.ok(child.stdout);
    let text = '';
    while (!text.includes(`"event":"${name}"`)) text += String((await once(child.stdout, 'data'))[0]);
  }

  /** A server of this account that looks like a connector's, at which the configuration points. */
  async function fakeConnector(classroom: Classroom, answer: RequestListener): Promise<string> {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    classroom.atEnd(() => server.close().closeAllConnections());
    const connectorUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    classroom.configure({ connectorUrl });
    return connectorUrl;
  }

  /** Listens at the first free port of those that cloudflared takes. */
  async function listenAtUsualPort(classroom: Classroom, server: Server): Promise<void> {
    for (let port = 20241; !server.listening; port += 1) {
      assert.ok(port <= 20245, 'two of the usual ports must be free');
      server.listen(port, '127.0.0.1');
      await Promise.race([once(server, 'listening'), once(server, 'error')]).catch(() => undefined);
    }
    classroom.atEnd(() => server.close().closeAllConnections());
  }

  it('is found at the first usual address that serves the tunnel, if the configuration names none', async () => {
    const classroom = await startClassroom({ standIn: { clock, pushDelayMs: () => 3_000 } });
    const { connectorUrl } = classroom.standIn;
    const another = createServer((request, response) => {
      response.end(request.url === '/diag/tunnel' ? '{"tunnelID":"another"}' : '{}');
    });
    const own = createServer(({ url }, response) => {
      void fetch(`${connectorUrl}${url ?? ''}`).then(async (answer) => response.end(await answer.text()));
    });
    await listenAtUsualPort(classroom, another);
    await listenAtUsualPort(classroom, own);
    classroom.configure({ connectorUrl: undefined });
    const started = publish(classroom);
    await nextEvent(started, 'saved');
    clock.advance(3_000);
    assert.equal((await started.ended).code, 0);
  });

  it('is not called published before the connector has it', async () => {
    const classroom = await startClassroom({ standIn: { clock, pushDelayMs: () => 3_000 } });
    const started = publish(classroom);
    await nextEvent(started, 'saved');
    assert.equal(classroom.standIn.world.tunnel.connector.version, -1);
    clock.advance(3_000);
    const { code, events } = await started.ended;
    assert.equal(code, 0);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['queued', 'locked', 'saved', 'published'],
    );
  });

  it('is busy while the connector refuses the configuration, and names what only the connector can check', async () => {
    const config = {
      ingress: [
        { hostname: 'other.example.com', service: 'http://localhost:1', originRequest: { caPool: '/missing.pem' } },
        { service: 'http_status:404' },
      ],
    };
    const classroom = await startClassroom({ standIn: { config } });
    const { code, last } = await publish(classroom).ended;
    assert.deepEqual([code, last['code'], last['retryAfterSeconds']], [75, 'connector-behind', 5]);
    assert.match(String(last['message']), /rule \d \(other\.example\.com\): originRequest\.caPool.*missing\.pem/);
    const again = await publish(classroom).ended;
    assert.deepEqual([again.code, again.last['code']], [75, 'connector-behind'], 'the state alone is no proof');
  });

  it('says that the connector has no connection to Cloudflare', async () => {
    const classroom = await startClassroom();
    classroom.standIn.world.tunnel.connected = false;
    const { code, last } = await publish(classroom).ended;
    assert.deepEqual([code, last['code']], [75, 'connector-disconnected']);
  });

  it('is created again if the connector lost its rule, although the state says that it is live', async () => {
    const classroom = await startClassroom();
    await publish(classroom).ended;
    classroom.standIn.world.saveInDashboard(() => ({ ingress: [{ service: 'http_status:404' }] }));
    const { last } = await publish(classroom).ended;
    assert.deepEqual([last['event'], last['created']], ['published', true]);
  });

  it('costs no call if the connector has it already', async () => {
    const classroom = await startClassroom();
    await publish(classroom).ended;
    classroom.standIn.requests.length = 0;
    assert.equal((await publish(classroom).ended).last['created'], false);
    assert.deepEqual(callsOf(classroom.standIn), []);
  });

  it('goes on without a connector that never answers', async () => {
    const classroom = await startClassroom();
    const asked: (string | undefined)[] = [];
    await fakeConnector(classroom, ({ url }) => asked.push(url));
    assert.equal((await publish(classroom).ended).code, 0);
    assert.deepEqual(asked.sort(), ['/config', '/diag/tunnel', '/ready'], 'each page is asked for once');
  });

  it('waits 1.5 s for an answer, and not as long as for a configuration', async () => {
    const classroom = await startClassroom();
    const asked = new Deferred();
    let requests = 0;
    const connectorUrl = await fakeConnector(classroom, () => {
      if ((requests += 1) === 3) asked.resolve();
    });
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const stop = new AbortController().signal;
      const goal = { hostname: 'student1.example.com', version: 1 };
      const waiting = waitUntilLoaded({ connectorUrl, tunnelId: 'tunnel' }, goal, stop, () => assert.fail('waits'));
      await asked.promise;
      mock.timers.tick(1_500);
      assert.deepEqual(await waiting, { kind: 'silent' });
    } finally {
      mock.timers.reset();
    }
  });

  it("goes on at once beside another tunnel's connector, and where none listens", async () => {
    const classroom = await startClassroom();
    await fakeConnector(classroom, (_request, response) =>
      response.end('{"tunnelID":"another","version":-1,"readyConnections":4,"config":{"ingress":[]}}'),
    );
    assert.deepEqual(
      (await publish(classroom).ended).events.map(({ event }) => event),
      ['queued', 'locked', 'published'],
    );
    await classroom.standIn.stopConnector();
    classroom.configure();
    assert.equal((await publish(classroom).ended).code, 0);
  });
});
