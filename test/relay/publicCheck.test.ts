import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import { askPublicly, checkPauses, startPublicCheck, type PublicAnswer } from '../../src/relay/publicCheck.ts';
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
      assert.deepEqual(answer, { kind: 'lost', reason: `status ${status}` });
    });
  }

  for (const status of [200, 302, 403, 429, 502, 503]) {
    it(`says nothing with a ${status} of another server`, async () => {
      assert.deepEqual(await ask((_, response) => response.writeHead(status).end('Log in')), { kind: 'unknown' });
    });
  }

  it('says nothing where no connection is possible, and stops reading an endless answer', async () => {
    assert.deepEqual(await ask((request) => void request.socket.destroy()), { kind: 'unknown' });
    assert.deepEqual(await ask((_, response) => void response.end('x'.repeat(1_000_000))), { kind: 'unknown' });
  });
});

describe('checks of the public address', () => {
  const lost: PublicAnswer = { kind: 'lost', reason: 'status 404' };
  const reached: PublicAnswer = { kind: 'reached' };
  const unknown: PublicAnswer = { kind: 'unknown' };

  /** Runs one check for each answer. @returns the reasons that were reported, and the pauses */
  async function run(...answers: PublicAnswer[]): Promise<{ reported: string[]; pauses: number[] }> {
    const reported: string[] = [];
    const pauses: number[] = [];
    let next: () => void = () => undefined;
    const check = startPublicCheck({
      ask: () => Promise.resolve(answers.shift() ?? unknown),
      onLost: (reason) => reported.push(reason),
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
  const { usual, afterLoss, afterReport } = checkPauses;

  it('report a loss that two answers in a row say, within a minute', async () => {
    const { reported, pauses } = await run(lost, lost);
    assert.deepEqual(reported, ['status 404']);
    assert.deepEqual(pauses, [usual, afterLoss, afterReport]);
    assert.ok(usual + afterLoss + 2 * 10_000 < 60_000);
  });

  it('report no loss that was over at the second question', async () => {
    assert.deepEqual(await run(lost, reached, lost, unknown), {
      reported: [],
      pauses: [usual, afterLoss, usual, afterLoss, usual],
    });
  });

  it('report a second loss of the same site', async () => {
    assert.deepEqual((await run(lost, lost, reached, lost, lost)).reported.length, 2);
  });
});
