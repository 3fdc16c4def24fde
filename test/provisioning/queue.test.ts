import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { identifyOnHost } from '../../src/provisioning/processIdentity.ts';
import { Queue, requestId, type Action } from '../../src/provisioning/queue.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { publish, release } from '../fixtures/provisioning/publishing.ts';

const self = identifyOnHost(process.pid, 'host1');
const dead = { ...self, startTime: '1' };
const minute = 60_000;

describe('queue', () => {
  let root: string;
  let folder: StateFolder;
  let log: string[];
  const now = Date.now();
  const queueOf = (by = self) =>
    new Queue(folder, by, (line) => {
      log.push(line);
    });
  const submit = (name: string, action: Action, age = 0, by = self) =>
    queueOf(by).submit(
      requestId(now - age, () => name),
      now - age,
      action,
    );
  const idsOf = async (at = now) => (await queueOf().pending(at)).map(({ id }) => id.slice(id.indexOf('-') + 1));
  beforeEach(async () => {
    log = [];
    root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
    folder = await StateFolder.open(root);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('removes a withdrawn request with everything in its folder, once or twice', async () => {
    const { id } = await submit('first', publish(1));
    mkdirSync(folder.in('queue', id, 'foreign', 'deep'), { recursive: true });
    for (const time of ['once', 'again']) {
      await queueOf().withdraw(id);
      assert.deepEqual([readdirSync(folder.in('queue')), readdirSync(folder.in('scratch'))], [[], []], time);
    }
  });

  it('holds requests, oldest first, until they are answered', async () => {
    const first = await submit('first', publish(1), 10);
    await submit('second', publish(2));
    assert.deepEqual(await idsOf(), ['first', 'second']);
    await queueOf().settle(first.id, { kind: 'removed', hostnames: [], message: '', apiCalls: 0 });
    assert.deepEqual(await idsOf(), ['second']);
    assert.equal((await queueOf().outcomeOf(first.id))?.kind, 'removed');
  });

  it('removes a request in one step while another process writes into it', async () => {
    const writer = spawn(
      process.execPath,
      [
        '-e',
        `
      const fs = require('node:fs');
      process.on('message', (folder) => {
        try { for (let n = 0; ; n += 1) fs.writeFileSync(folder + '/' + n, ''); } catch { process.send('gone'); }
      });
      process.send('ready');`,
      ],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    try {
      await once(writer, 'message');
      for (let round = 0; round < 50; round += 1) {
        const { id } = await submit(`request-${round}`, publish(1));
        const gone = once(writer, 'message');
        writer.send(folder.in('queue', id));
        while (!existsSync(folder.in('queue', id, '0'))) await setImmediate();
        await queueOf().withdraw(id);
        await gone;
        assert.deepEqual(readdirSync(folder.in('queue')), []);
      }
    } finally {
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
  });

  it('drops the publications of dead requesters, and keeps their removals', async () => {
    await submit('publish', publish(1), 0, dead);
    const { id } = await submit('release', release(1), 0, dead);
    assert.deepEqual(await idsOf(), ['release']);
    await queueOf().settle(id, { kind: 'removed', hostnames: [], message: '', apiCalls: 0 });
    assert.deepEqual(await idsOf(), []);
    assert.deepEqual(readdirSync(folder.in('queue')), []);
  });

  for (const [what, text] of [
    ['of an unknown version', JSON.stringify({ version: 2, by: self, at: now, action: { kind: 'publish' } })],
    ['that is torn', '{"version":1,'],
    ['that is no object', 'null'],
    ['of an unknown kind', JSON.stringify({ version: 1, by: self, at: now, action: { kind: 'explode' } })],
    [
      'without its site',
      JSON.stringify({
        version: 1,
        by: self,
        at: now,
        action: { kind: 'publish', holder: { id: 'a' }, verify: false },
      }),
    ],
  ] as const) {
    it(`answers and logs a request file ${what} once, and serves the others`, async () => {
      await submit('good', publish(1));
      const id = requestId(now, () => 'bad');
      mkdirSync(folder.in('queue', id));
      const file = folder.in('queue', id, 'request.json');
      writeFileSync(file, text);
      assert.deepEqual(await idsOf(), ['good']);
      assert.deepEqual(await idsOf(), ['good']);
      const outcome = await queueOf().outcomeOf(id);
      assert.ok(
        outcome?.kind === 'error' &&
          outcome.error.code === 'request-unreadable' &&
          outcome.error.facts['file'] === file,
      );
      assert.ok(log.length === 1 && log[0]?.includes(file), log.join('\n'));
      await idsOf(now + 61 * minute);
      assert.ok(!existsSync(file));
    });
  }

  it("takes a request's id from its folder, not from its file", async () => {
    const { id } = await submit('good', publish(1));
    const file = folder.in('queue', id, 'request.json');
    writeFileSync(
      file,
      JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), id: '../../elsewhere' }),
    );
    assert.deepEqual(await idsOf(), ['good']);
  });

  it('removes a folder without a request after a minute', async () => {
    mkdirSync(
      folder.in(
        'queue',
        requestId(now, () => 'empty'),
      ),
    );
    assert.deepEqual([await idsOf(now + minute - 1), readdirSync(folder.in('queue')).length], [[], 1]);
    assert.deepEqual([await idsOf(now + minute + 1), readdirSync(folder.in('queue')).length], [[], 0]);
  });

  it('removes an outcome that is not fetched after an hour, when its requester is not visible', async () => {
    const hidden = { ...self, bootId: 'another', host: 'host2' };
    const { id } = await submit('hidden', release(1), 0, hidden);
    await queueOf().settle(id, { kind: 'removed', hostnames: [], message: '', apiCalls: 0 });
    await idsOf(now + 59 * minute);
    assert.equal(readdirSync(folder.in('queue')).length, 1);
    await idsOf(now + 61 * minute);
    assert.equal(readdirSync(folder.in('queue')).length, 0);
  });

  it('ignores an outcome for a requester that has left', async () => {
    const { id } = await submit('left', publish(1));
    await queueOf().withdraw(id);
    await queueOf().settle(id, { kind: 'removed', hostnames: [], message: '', apiCalls: 0 });
    assert.deepEqual([readdirSync(folder.in('queue')), readdirSync(folder.in('scratch'))], [[], []]);
  });

  it('fails when an outcome cannot be written', async () => {
    const { id } = await submit('waiting', publish(1));
    mkdirSync(folder.in('queue', id, 'outcome.json')); // blocks the file
    await assert.rejects(queueOf().settle(id, { kind: 'removed', hostnames: [], message: '', apiCalls: 0 }), {
      code: 'EISDIR',
    });
  });
});
