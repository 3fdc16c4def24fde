import assert from 'node:assert/strict';
import { parseVisitors, visitorsLine } from '../../src/relay/protocol.ts';
import { VisitorCount } from '../../src/relay/visitors.ts';
import { fetchFrom, startHarness } from './helpers.ts';

const visit = (time: number, path = '/') => ({ method: 'GET', path, status: 200, time });

describe('relay/visitors', () => {
  it('counts each browser once, and those of the last minute as present', () => {
    const count = new VisitorCount();
    count.add('a', visit(0));
    count.add('b', visit(50_000));
    count.add('b', visit(51_000));
    const { now, inAll, requests } = count.read(70_000);
    assert.deepEqual({ now, inAll, requests }, { now: 1, inAll: 2, requests: 3 });
  });

  it('keeps the last 50 requests, the latest first, without queries', () => {
    const count = new VisitorCount();
    for (let index = 0; index < 100; index += 1) count.add('a', visit(index, `/${index}?password=x`));
    const { last } = count.read(100);
    assert.deepEqual([last.length, last[0]?.path, last.at(-1)?.path], [50, '/99', '/50']);
  });

  it('takes a bounded memory', () => {
    const count = new VisitorCount();
    for (let index = 0; index < 5_000; index += 1) count.add(String(index), visit(0));
    assert.deepEqual([count.read(0).now, count.read(0).inAll], [2_000, 5_000]);
  });

  it('reports a visit with its status, and neither address nor browser, to the window', async () => {
    const harness = await startHarness((_request, response) => response.writeHead(404).end());
    try {
      const headers = { 'cf-connecting-ip': '192.0.2.7', 'user-agent': 'Browser/1' };
      await fetchFrom(harness.relayPort, { path: '/page?x=1', headers });
      await fetchFrom(harness.relayPort, { path: '/probe' });
      const line = visitorsLine(harness.relay.visitors());
      assert.ok(!line.includes('192.0.2.7') && !line.includes('Browser/1'));
      const { now, inAll, last } = parseVisitors(line) ?? assert.fail(line);
      assert.deepEqual([now, inAll], [1, 1]);
      assert.deepEqual(
        last.map(({ method, path, status }) => [method, path, status]),
        [['GET', '/page', 404]],
      );
    } finally {
      harness.close();
    }
  });
});
