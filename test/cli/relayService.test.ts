import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { Classroom } from '../fixtures/provisioning/classroom.ts';

describe('publishing through a relay', () => {
  let classroom: Classroom;
  let folder: string;
  beforeEach(async () => {
    classroom = await Classroom.start();
    const info = await classroom.run(['info', '--json']);
    folder = String(info.last['socketFolder']);
  });
  afterEach(() => classroom.close());

  const serviceOf = () =>
    [...classroom.standIn.world.tunnels.values()]
      .flatMap((tunnel) => tunnel.config?.ingress ?? [])
      .find((rule) => rule.hostname)?.service;
  const publish = (holder: string, ...more: string[]) =>
    classroom.run(['publish', '-p', '3000', '--holder', holder, '--json', ...more]);

  it("leads to the student's own socket while a holder has a relay, and to the port after it", async () => {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    await publish('window-1', '--relay');
    assert.equal(serviceOf(), `unix:${path.join(folder, '3000.sock')}`);
    classroom.standIn.requests.length = 0;
    assert.equal((await publish('shell-1')).last['created'], false);
    assert.equal((await publish('window-2', '--relay')).last['created'], false);
    await classroom.run(['release', '--holder', 'window-1']);
    assert.deepEqual(classroom.standIn.requests, [], 'to join or to leave others costs no call');
    await classroom.run(['release', '--holder', 'window-2']);
    assert.equal(serviceOf(), 'http://localhost:3000');
    await classroom.run(['release', '--holder', 'shell-1']);
    assert.equal(serviceOf(), undefined);
  });

  it('is refused, with nothing written, where somebody else could put a socket in its place', async () => {
    const missing = await publish('window-1', '--relay');
    assert.deepEqual([missing.code, missing.last['code']], [77, 'socket-foreign']);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    const open = await publish('window-1', '--relay');
    assert.deepEqual([open.code, open.last['code']], [77, 'socket-foreign']);
    assert.deepEqual(classroom.standIn.requests, []);
  });
});
