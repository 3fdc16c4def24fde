import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { Blocked } from '../../src/relay/relay.ts';
import { fetchFrom, echo, startHarness } from './helpers.ts';

describe('relay: what visitors may not have', () => {
  it('gets 403 with a page that says why, and never reaches the server', async () => {
    const blocked: Blocked[] = [];
    const harness = await startHarness(() => assert.fail('reached'), { onBlocked: (one) => blocked.push(one) });
    try {
      const accept = 'text/html';
      const page = await fetchFrom(harness.relayPort, { path: '/.env', headers: { accept } });
      assert.equal(page.status, 403);
      assert.match(page.body, /<h1>Visitors of student1\.example\.com may not see this<\/h1>/);
      assert.match(page.body, /\.env and \.git often contain passwords/);
      const text = await fetchFrom(harness.relayPort, { path: '/__open-in-editor?file=x', method: 'POST', body: 'x' });
      assert.deepEqual([text.status, text.headers['content-type']], [403, 'text/plain; charset=utf-8']);
      assert.deepEqual(blocked, [
        { part: 'hiddenFiles', target: '/.env' },
        { part: 'developerEndpoints', target: '/__open-in-editor?file=x' },
      ]);
    } finally {
      harness.close();
    }
  });

  it('is forwarded when that part of the shield is switched off', async () => {
    const harness = await startHarness(echo, { allow: new Set(['hiddenFiles']) });
    try {
      assert.equal((await fetchFrom(harness.relayPort, { path: '/.env' })).status, 200);
    } finally {
      harness.close();
    }
  });
});

describe("relay: another user's server", () => {
  it('is not connected to', async () => {
    let connections = 0;
    const checked: number[] = [];
    const harness = await startHarness(echo, {
      isOwn: (port) => {
        checked.push(port);
        return false;
      },
    });
    harness.server.on('connection', (socket: Socket) => {
      connections += 1;
      socket.destroy();
    });
    try {
      assert.equal((await fetchFrom(harness.relayPort)).status, 503);
      assert.equal((await fetchFrom(harness.relayPort, { method: 'POST', body: 'x' })).status, 503);
      assert.equal(
        (await fetchFrom(harness.relayPort, { path: '/.well-known/classroom-tunnel/status' })).body,
        '{"running":false}',
      );
      assert.equal(connections, 0);
      assert.deepEqual(checked, [harness.serverPort, harness.serverPort, harness.serverPort]);
    } finally {
      harness.close();
    }
  });

  it('gets no request when it takes the port while the relay connects', async () => {
    const answers = [true, false]; // the check before the connection, and the one after it
    const harness = await startHarness(echo, { isOwn: () => answers.shift() ?? false });
    let received = 0;
    harness.server.on('connection', (socket: Socket) => socket.on('data', (data) => (received += data.length)));
    try {
      assert.equal((await fetchFrom(harness.relayPort)).status, 503);
      assert.deepEqual([answers, received], [[], 0]);
    } finally {
      harness.close();
    }
  });

  it("gets no request after the end of this user's server, which had the port a moment ago", async () => {
    const owner = { own: true };
    let connections = 0;
    const harness = await startHarness(echo, { isOwn: () => owner.own });
    harness.server.on('connection', () => {
      connections += 1;
    });
    try {
      await Promise.all([fetchFrom(harness.relayPort), fetchFrom(harness.relayPort), fetchFrom(harness.relayPort)]);
      assert.equal(connections, 3);
      owner.own = false; // the connections to the old server end with it
      harness.server.closeAllConnections();
      assert.equal((await fetchFrom(harness.relayPort)).status, 503);
      assert.equal(connections, 3);
    } finally {
      harness.close();
    }
  });
});
