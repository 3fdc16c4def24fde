import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askConnector, judgeConnector, waitForConnector } from '../../src/provisioning/connector.ts';
import type { ConnectorAnswers, ConnectorGoal, ConnectorState } from '../../src/provisioning/connector.ts';
import { startStandIn, type StandIn } from '../../standin/standIn.ts';
import { createManualClock } from '../standin/manualClock.ts';

const hostname = 'student1.example.com';
const goal: ConnectorGoal = { tunnelId: 'tunnel-1', hostname, version: 7 };
const good: ConnectorAnswers = {
  version: 7,
  hostnames: new Set([hostname]),
  connections: 4,
  tunnel: { id: 'tunnel-1', protocols: ['quic'] },
};
const getText = async (url: string, signal: AbortSignal) => (await fetch(url, { signal })).text();

describe('the state of the connector', () => {
  const states: [what: string, changes: Partial<ConnectorAnswers>, kind: ConnectorState['kind']][] = [
    ['the version that was saved', {}, 'serving'],
    ['a later version', { version: 8 }, 'serving'],
    ['an older version', { version: 6 }, 'behind'],
    ['no configuration yet', { version: -1 }, 'behind'],
    ['no connection to the edge', { connections: 0 }, 'disconnected'],
    ['another tunnel', { tunnel: { id: 'tunnel-2', protocols: [] } }, 'other-tunnel'],
    ['no tunnel', { tunnel: undefined }, 'silent'],
    ['no answer', { version: undefined, hostnames: undefined, connections: undefined, tunnel: undefined }, 'silent'],
  ];
  for (const [what, changes, kind] of states)
    it(`is ${kind} with ${what}`, () => assert.equal(judgeConnector({ ...good, ...changes }, goal).kind, kind));

  it('is judged by the rule where no version is known', () => {
    const unknown = { ...goal, version: undefined };
    assert.equal(judgeConnector({ ...good, version: 1 }, unknown).kind, 'serving');
    assert.equal(judgeConnector({ ...good, hostnames: new Set() }, unknown).kind, 'behind');
  });
});

describe('the connector on this machine', () => {
  let standIn: StandIn;
  const clock = createManualClock();
  const { signal } = new AbortController();

  beforeEach(async () => {
    standIn = await startStandIn({ clock, pushDelayMs: () => 1_000 });
  });
  afterEach(() => standIn.close());

  const ask = () => askConnector(standIn.connectorUrl, getText, signal);
  const saved = (): ConnectorGoal => ({ tunnelId: standIn.tunnelId, hostname, version: standIn.world.tunnel.version });
  /** Each pause of the wait moves the stand-in's time. */
  const wait = () =>
    waitForConnector(saved(), {
      ask,
      signal,
      sleep: (milliseconds) => {
        clock.advance(milliseconds);
        return Promise.resolve();
      },
    });

  it('serves a configuration only once it has arrived', async () => {
    standIn.world.saveInDashboard((config) => config);
    assert.deepEqual(judgeConnector(await ask(), saved()), { kind: 'behind', version: -1 });
    assert.deepEqual(await wait(), { kind: 'serving', protocols: ['quic', 'quic', 'quic', 'quic'] });
  });

  it('says the protocol that cloudflared fell back to', async () => {
    standIn.world.saveInDashboard((config) => config);
    standIn.world.tunnel.connector.protocol = 'http2';
    assert.deepEqual(await wait(), { kind: 'serving', protocols: ['http2', 'http2', 'http2', 'http2'] });
  });

  it('stays behind when cloudflared refuses the configuration, until the wait is over', async () => {
    standIn.world.saveInDashboard((config) => config);
    await wait();
    standIn.world.saveInDashboard((config) => ({ ...config, originRequest: { connectTimeout: '30s' } }));
    const over = new AbortController();
    let pauses = 0;
    const state = await waitForConnector(saved(), {
      ask,
      signal: over.signal,
      sleep: async (milliseconds) => {
        clock.advance(milliseconds);
        if ((pauses += 1) < 8) return;
        over.abort();
        return Promise.reject(over.signal.reason as Error);
      },
    });
    assert.deepEqual(state, { kind: 'behind', version: 1 });
  });

  it('stays behind when the wait ends in the middle of a question', async () => {
    const over = new AbortController();
    let questions = 0;
    const state = await waitForConnector(goal, {
      ask: async (signal) => {
        if ((questions += 1) === 1) return { ...good, version: 6 };
        over.abort();
        return askConnector(standIn.connectorUrl, getText, signal);
      },
      signal: over.signal,
      sleep: () => Promise.resolve(),
    });
    assert.deepEqual(state, { kind: 'behind', version: 6 });
  });

  it('is disconnected while there is no connection to the edge', async () => {
    standIn.world.saveInDashboard((config) => config);
    clock.advance(1_000);
    standIn.world.tunnel.connected = false;
    assert.equal(judgeConnector(await ask(), saved()).kind, 'disconnected');
  });

  it('is silent when nothing listens, and the wait ends at once', async () => {
    await standIn.stopConnector();
    assert.deepEqual(await wait(), { kind: 'silent' });
  });

  it('is silent when the port belongs to something else, whatever that answers', async () => {
    for (const body of ['', '[]', '{"version":"9"}', '<h1>hello</h1>', 'null']) {
      const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      assert.equal(judgeConnector(await askConnector(url, getText, signal), goal).kind, 'silent', body);
      server.close().closeAllConnections();
    }
  });
});
