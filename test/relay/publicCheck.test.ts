import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import {
  askForWebSocket,
  askPublicly,
  checkPauses,
  startPublicCheck,
  type PublicAnswer,
} from '../../src/relay/publicCheck.ts';
import { listenOnFreePort } from './helpers.ts';

describe('a question to the public address', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  });
  async function ask(answer: RequestListener, host = '127.0.0.1'): Promise<PublicAnswer> {
    const server = createServer(answer);
    servers.push(server);
    const port = await listenOnFreePort(server);
    return askPublicly(new URL(`http://${host}:${port}/`));
  }

  it('reaches the relay, also at a name below localhost', async () => {
    let path = '';
    const answer: RequestListener = (request, response) => {
      path = request.url ?? '';
      response.end('{"running":false}');
    };
    assert.deepEqual(await ask(answer, 'student1.localhost'), { kind: 'reached' });
    assert.equal(path, '/.well-known/classroom-tunnel/status');
  });

  for (const status of [404, 530]) {
    it(`is lost at a ${status}`, async () => {
      const answer = await ask((_, response) => response.writeHead(status).end('no such site'));
      assert.ok(answer.kind === 'lost' && answer.reason.startsWith(`Cloudflare answers ${status}: `));
    });
  }

  for (const status of [200, 302, 403, 429, 502, 503]) {
    it(`says nothing with a ${status} of another server`, async () => {
      assert.deepEqual(await ask((_, response) => response.writeHead(status).end('Log in')), { kind: 'unknown' });
    });
  }

  for (const [status, answer] of [
    [502, 'refused'],
    [503, 'carried'],
    [403, 'unknown'],
  ] as const) {
    it(`takes a ${status} to a WebSocket for ${answer}`, async () => {
      const server = createServer().on('upgrade', (_request, socket) => {
        socket.end(`HTTP/1.1 ${status} Any\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      });
      servers.push(server);
      const port = await listenOnFreePort(server);
      assert.equal(await askForWebSocket(new URL(`http://127.0.0.1:${port}`)), answer);
    });
  }

  it('says nothing where no connection is possible, and stops reading an endless answer', async () => {
    assert.deepEqual(await ask((request) => void request.socket.destroy()), { kind: 'silent' });
    assert.deepEqual(await ask((_, response) => void response.end('x'.repeat(1_000_000))), { kind: 'unknown' });
  });
});

describe('checks of the public address', () => {
  const lost: PublicAnswer = { kind: 'lost', reason: 'status 404' };
  const nameless: PublicAnswer = { kind: 'nameless', reason: 'no name' };
  const reached: PublicAnswer = { kind: 'reached' };
  const unknown: PublicAnswer = { kind: 'unknown' };

  type Carried = 'carried' | 'refused' | 'unknown';
  const run = (...answers: PublicAnswer[]) => runBoth(answers, []);
  /** Runs one check for each answer. @returns the reasons that were reported, and the pauses */
  async function runBoth(
    answers: PublicAnswer[],
    sockets: Carried[],
  ): Promise<{ reported: string[]; pauses: number[] }> {
    const reported: string[] = [];
    const pauses: number[] = [];
    let next: () => void = () => undefined;
    const check = startPublicCheck({
      ask: () => Promise.resolve(answers.shift() ?? unknown),
      askForWebSocket: () => Promise.resolve(sockets.shift() ?? 'carried'),
      onLost: (reason) => reported.push(reason),
      onReachedAgain: () => reported.push('reached'),
      onNoWebSockets: () => reported.push('no WebSockets'),
      after: (pause, callback) => {
        pauses.push(pause);
        next = callback;
        return { cancel: () => undefined };
      },
    });
    while (answers.length > 0) {
      next();
      await new Promise((resolve) => setImmediate(resolve));
    }
    check.stop();
    return { reported, pauses };
  }
  const { first, usual, afterLoss } = checkPauses;
  const silent: PublicAnswer = { kind: 'silent' };
  const losses = (count: number) => Array.from({ length: count }, () => lost);

  it('report a loss that two answers in a row say, within a minute', async () => {
    const { reported, pauses } = await run(reached, lost, lost);
    assert.deepEqual(reported, ['status 404']);
    assert.deepEqual(pauses, [first, usual, afterLoss, afterLoss]);
    assert.ok(usual + afterLoss + 2 * 10_000 < 60_000);
  });

  it('report when the loss is over, and a second one within a minute', async () => {
    const { reported, pauses } = await run(reached, lost, lost, reached, lost, lost);
    assert.deepEqual(reported, ['status 404', 'reached', 'status 404']);
    assert.deepEqual(pauses, [first, usual, afterLoss, afterLoss, usual, afterLoss, afterLoss]);
  });

  it('report no loss that was over at the second question', async () => {
    assert.deepEqual(await run(unknown, lost, reached, lost, unknown), {
      reported: [],
      pauses: [first, usual, afterLoss, usual, afterLoss, usual],
    });
  });

  it('report a loss that lasts again at growing intervals, and ask all the time', async () => {
    const counts = [3, 6, 7, 14, 15, 30, 31, 50, 51, 70, 71];
    const reports = await Promise.all(
      counts.map(async (count) => (await run(reached, ...losses(count))).reported.length),
    );
    assert.deepEqual(reports, [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
    const { pauses } = await run(reached, ...losses(71));
    assert.equal(Math.max(...pauses), usual);
  });

  it('take no answer for neither a loss nor its end', async () => {
    assert.deepEqual((await run(reached, lost, silent, lost, silent, reached)).reported, ['status 404', 'reached']);
  });

  it('do not count the first answer, which may come before the connector has the site', async () => {
    assert.deepEqual(await run(lost, lost), { reported: [], pauses: [first, usual, afterLoss] });
  });

  it('doubt a name once that this machine has never found, and leave the site live', async () => {
    const names = (count: number): PublicAnswer[] => Array.from({ length: count }, () => nameless);
    assert.deepEqual((await run(...names(2))).reported, []);
    assert.deepEqual((await run(...names(50))).reported, ['no name', 'reached']);
  });

  it('take a name for lost that this machine has found before', async () => {
    for (const before of [reached, unknown])
      assert.deepEqual((await run(before, nameless, nameless, nameless)).reported, ['no name']);
  });

  it('report once that no WebSocket arrives, when two answers in a row say it', async () => {
    const answers = Array.from({ length: 5 }, () => reached);
    assert.deepEqual(await runBoth(answers, ['refused', 'carried', 'refused', 'refused', 'refused']), {
      reported: ['no WebSockets'],
      pauses: [first, afterLoss, usual, afterLoss, usual, usual],
    });
  });
});
