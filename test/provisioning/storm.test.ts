import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, watch } from 'node:fs';
import { identifyOnHost } from '../../src/provisioning/processIdentity.ts';
import { lockTimes, withLock } from '../../src/provisioning/lock.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { closeAll, startClassroom, type Classroom, type Ended } from '../fixtures/provisioning/classroom.ts';
import { Deferred } from '../fixtures/provisioning/deferred.ts';
import { ask, publish } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';

const students = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Runs `start` while the test holds the lock, and releases it once `count` requests are queued, however slow the machine is. */
async function gathered(classroom: Classroom, count: number, start: () => Promise<Ended>[]): Promise<Ended[]> {
  const folder = await StateFolder.open(classroom.stateDir);
  let endings: Promise<Ended>[] = [];
  await withLock(
    {
      folder,
      self: identifyOnHost(process.pid, 'host1'),
      newId: randomUUID,
      now: Date.now,
      times: { ...lockTimes, hold: 120_000 },
    },
    async () => {
      const waiting = () => readdirSync(folder.in('queue')).length;
      const complete = new Deferred();
      const look = () => {
        if (waiting() >= count) complete.resolve();
      };
      const watcher = watch(folder.in('queue'), look);
      endings = start();
      look();
      await complete.promise;
      watcher.close();
    },
  );
  return Promise.all(endings);
}

describe('storm', function () {
  this.timeout(90_000);
  afterEach(closeAll);

  it('publishes and removes 30 sites at once in at most 8 calls each', async () => {
    const classroom = await startClassroom({ standIn: { roundTripMs: 50 }, config: { lockTimeoutSeconds: 60 } });
    const { standIn } = classroom;
    const all = students(30);
    for (const [args, created] of [
      [['publish'], 'created'],
      [['release'], 'removed'],
    ] as const) {
      standIn.requests.length = 0;
      const endings = await gathered(classroom, all.length, () =>
        all.map(
          (number) =>
            classroom.launch(
              [...args, ...(args[0] === 'publish' ? ['-p', String(3000 + number)] : []), '--holder', 'a', '--json'],
              { user: `student${number}` },
            ).ended,
        ),
      );
      assert.deepEqual(
        endings.map(({ code }) => code),
        all.map(() => 0),
      );
      assert.ok(
        endings.every(({ last }) => last[created] === true),
        'each request has its own outcome',
      );
      assert.deepEqual(
        endings.map(({ last }) => last['hostname']),
        all.map((number) => `student${number}.example.com`),
      );
      assert.ok(callsOf(standIn).length <= 8, callsOf(standIn).join(', '));
      assertLive(standIn, args[0] === 'publish' ? all.map((number) => `student${number}`) : []);
    }
  });

  it('writes 250 publications of one round in batches of 200', async () => {
    const classroom = await startClassroom({ standIn: { recordQuota: 1000 }, config: { lockTimeoutSeconds: 60 } });
    const sizes: number[] = [];
    classroom.standIn.onRequest({
      before: ({ method, body }) => {
        if (method === 'POST') sizes.push((body as { posts: unknown[] }).posts.length);
      },
    });
    const folder = await StateFolder.open(classroom.stateDir);
    const pending: Promise<unknown>[] = [];
    await withLock(
      { folder, self: identifyOnHost(process.pid, 'host1'), newId: randomUUID, now: Date.now, times: lockTimes },
      async () => {
        pending.push(...students(250).map((number) => ask(classroom, publish(number))));
        const complete = new Deferred();
        const look = () => {
          if (readdirSync(folder.in('queue')).length === 250) complete.resolve();
        };
        const watcher = watch(folder.in('queue'), look);
        look();
        await complete.promise;
        watcher.close();
      },
    );
    await Promise.all(pending);
    assert.ok(sizes.every((size) => size <= 200) && sizes.reduce((sum, size) => sum + size) === 250, sizes.join(' '));
    assertLive(
      classroom.standIn,
      students(250).map((number) => `student${number}`),
    );
    assert.ok(callsOf(classroom.standIn).length <= 10, callsOf(classroom.standIn).join(', '));
  });

  it('publishes in four calls beside 1,000 rules and 1,000 records', async () => {
    const many = students(1000).map((number) => `other${number}.example.com`);
    const config = {
      ingress: [
        ...many.map((hostname, index) => ({ hostname, service: `http://10.0.0.1:${10_000 + index}` })),
        { service: 'http_status:404' },
      ],
    };
    const classroom = await startClassroom({ standIn: { recordQuota: 2000, config } });
    const { standIn } = classroom;
    for (const name of many)
      standIn.addRecord({ type: 'CNAME', name, content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
    await ask(classroom, publish(1));
    assert.equal(callsOf(standIn).length, 4);
    assertLive(standIn, ['student1']);
    assert.equal(standIn.world.tunnel.config?.ingress.length, 1002);
  });

  it('serves requests that arrive during a round in the next one, by the same process', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const [reading, go] = [new Deferred(), new Deferred()];
    const unhook = standIn.onRequest({
      after: async ({ method }) => {
        if (method !== 'PUT') return;
        unhook();
        reading.resolve();
        await go.promise;
      },
    });
    const first = classroom.launch(['publish', '-p', '3001', '--json']);
    await reading.promise;
    const others = [2, 3].map((number) =>
      classroom.launch(['publish', '-p', String(3000 + number), '--json'], { user: `student${number}` }),
    );
    await queued(classroom, 3);
    go.resolve();
    const endings = await Promise.all([first, ...others].map(({ ended }) => ended));
    assert.deepEqual(
      endings.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.equal(callsOf(standIn).length, 8);
    assertLive(standIn, ['student1', 'student2', 'student3']);
  });

  it('fails a request without progress after the timeout, and removes it', async () => {
    const classroom = await startClassroom({ config: { lockTimeoutSeconds: 1 } });
    const folder = await StateFolder.open(classroom.stateDir);
    const ended = await withLock(
      { folder, self: identifyOnHost(process.pid, 'host1'), newId: randomUUID, now: Date.now, times: lockTimes },
      () => classroom.run(['publish', '-p', '3001', '--json']),
    );
    assert.deepEqual([ended?.code, ended?.last['code']], [75, 'busy']);
    assert.match(String(ended?.last['message']), /1 s/);
    assert.deepEqual([readdirSync(folder.in('queue')), callsOf(classroom.standIn)], [[], []]);
  });
});

async function queued(classroom: Classroom, count: number): Promise<void> {
  const complete = new Deferred();
  const look = () => {
    if (readdirSync(classroom.in('queue')).length >= count) complete.resolve();
  };
  const watcher = watch(classroom.in('queue'), look);
  look();
  await complete.promise;
  watcher.close();
}
