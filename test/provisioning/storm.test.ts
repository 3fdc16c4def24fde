import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, watch } from 'node:fs';
import { identifyOnHost } from '../../src/provisioning/processIdentity.ts';
import { lockTimes, withLock } from '../../src/provisioning/lock.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { closeAll, startClassroom, type Classroom, type Ended } from '../fixtures/provisioning/classroom.ts';
import { Moment } from '../fixtures/provisioning/moment.ts';
import { ask, publish } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';

const students = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Runs `start` while nobody can lead, and lets everybody go once as many requests wait: "in the same second", however slow the machine. */
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
      const complete = new Moment();
      const look = () => {
        if (waiting() >= count) complete.happen();
      };
      const watcher = watch(folder.in('queue'), look);
      endings = start();
      look();
      await complete.comes;
      watcher.close();
    },
  );
  return Promise.all(endings);
}

describe('storm', function () {
  this.timeout(90_000);
  afterEach(closeAll);

  it('30 processes in the same second at 50 ms: all succeed, in at most 12 calls, and all are live; and all are gone as cheaply', async () => {
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
      assert(
        endings.every(({ last }) => last[created] === true),
        'each has an outcome of its own',
      );
      assert.deepEqual(
        endings.map(({ last }) => last['hostname']),
        all.map((number) => `student${number}.example.com`),
      );
      assert(callsOf(standIn).length <= 12, callsOf(standIn).join(', '));
      assertLive(standIn, args[0] === 'publish' ? all.map((number) => `student${number}`) : []);
    }
  });

  it('250 publications in one round are written in batches of 200', async () => {
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
        const complete = new Moment();
        const look = () => {
          if (readdirSync(folder.in('queue')).length === 250) complete.happen();
        };
        const watcher = watch(folder.in('queue'), look);
        look();
        await complete.comes;
        watcher.close();
      },
    );
    await Promise.all(pending);
    assert(sizes.every((size) => size <= 200) && sizes.reduce((sum, size) => sum + size) === 250, sizes.join(' '));
    assertLive(
      classroom.standIn,
      students(250).map((number) => `student${number}`),
    );
    assert(callsOf(classroom.standIn).length <= 10, callsOf(classroom.standIn).join(', '));
  });

  it('at 1,000 rules and 1,000 records one publication costs the same four calls', async () => {
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

  it('who comes while a round runs is served by the next one, and the holder stays until they are', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const [reading, go] = [new Moment(), new Moment()];
    const unhook = standIn.onRequest({
      after: async ({ method }) => {
        if (method !== 'PUT') return;
        unhook();
        reading.happen();
        await go.comes;
      },
    });
    const first = classroom.launch(['publish', '-p', '3001', '--json']);
    await reading.comes;
    const others = [2, 3].map((number) =>
      classroom.launch(['publish', '-p', String(3000 + number), '--json'], { user: `student${number}` }),
    );
    await queued(classroom, 3);
    go.happen();
    const endings = await Promise.all([first, ...others].map(({ ended }) => ended));
    assert.deepEqual(
      endings.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.equal(callsOf(standIn).length, 8);
    assertLive(standIn, ['student1', 'student2', 'student3']);
  });

  it('who waits without any progress is told so after the limit, and leaves no request behind; a queue that moves keeps nobody out', async () => {
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

describe('rate limit', function () {
  this.timeout(60_000);
  afterEach(closeAll);

  it('one who is told to wait tells all: nobody calls meanwhile, people are told until when, and everybody is served afterwards', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    await ask(classroom, publish(4));
    standIn.requests.length = 0;
    standIn.faults.add({
      kind: 'status',
      status: 429,
      code: 971,
      message: 'slow down',
      retryAfterSeconds: 6,
      method: 'GET',
      path: '/configurations',
    });
    const first = classroom.launch(['publish', '-p', '3001', '--json'], { user: 'student1' });
    await standInAnswered429(classroom);
    const [second, release, people] = [
      classroom.launch(['publish', '-p', '3002', '--json'], { user: 'student2' }),
      classroom.launch(['release', '--holder', 'a', '--json'], { user: 'student4' }),
      classroom.launch(['--type', 'GET', '-p', '3003'], { user: 'student3' }),
    ];
    const endings = await Promise.all([first, second, release, people].map(({ ended }) => ended));
    assert.deepEqual(
      endings.map(({ code }) => code),
      [0, 0, 0, 0],
      endings.map(({ out, err }) => out + err).join('\n'),
    );
    const limited = standIn.requests.find(({ status }) => status === 429);
    const during = standIn.requests.filter(
      ({ at, path }) => limited && at > limited.at + 200 && at < limited.at + 5_900 && path,
    );
    assert.deepEqual(during, []);
    const told = endings
      .slice(0, 3)
      .flatMap(({ events }) => events.filter(({ event, until }) => event === 'queued' && until !== undefined));
    assert(
      told.length > 0 &&
        told.every(
          ({ until, message }) => !Number.isNaN(Date.parse(String(until))) && /another \d s/.test(String(message)),
        ),
    );
    assert.equal(endings[3]?.err.match(/blocked until \d\d:\d\d:\d\d/g)?.length, 1, 'people are told once');
    assert.deepEqual([endings[2]?.last['removed'], endings[2]?.last['hostname']], [true, 'student4.example.com']);
    assertLive(standIn, ['student1', 'student2', 'student3']);
  });

  it('longer than anybody waits: exit code 75 with the time, and no call by anybody until it is over', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    await ask(classroom, publish(4));
    standIn.faults.add({
      kind: 'status',
      status: 429,
      code: 971,
      message: 'slow down',
      retryAfterSeconds: 300,
      method: 'PUT',
    });
    const first = await classroom.run(['publish', '-p', '3001', '--json']);
    assert.deepEqual([first.code, first.last['code']], [75, 'rate-limited']);
    standIn.requests.length = 0;
    const [second, claim, released] = await Promise.all([
      classroom.run(['publish', '-p', '3002', '--json'], { user: 'student2' }),
      classroom.run(['publish', '-p', '3004', '--holder', 'b', '--json'], { user: 'student4' }),
      classroom.run(['release', '--holder', 'b', '--json'], { user: 'student5' }),
    ]);
    const seconds = Number(second.last['retryAfterSeconds']);
    assert.deepEqual([second.code, second.last['code'], seconds > 280 && seconds <= 300], [75, 'rate-limited', true]);
    assert.deepEqual(
      [claim.last['event'], claim.last['created'], released.last['message']],
      ['published', false, 'Nothing was held.'],
      'what needs no call is answered',
    );
    assert.deepEqual(callsOf(standIn), []);
    await ask(classroom, publish(3), { now: () => Date.now() + 301_000 });
    assertLive(standIn, ['student3', 'student4']);
  });
});

async function queued(classroom: Classroom, count: number): Promise<void> {
  const complete = new Moment();
  const look = () => {
    if (readdirSync(classroom.in('queue')).length >= count) complete.happen();
  };
  const watcher = watch(classroom.in('queue'), look);
  look();
  await complete.comes;
  watcher.close();
}

async function standInAnswered429(classroom: Classroom): Promise<void> {
  const answered = new Moment();
  const unhook = classroom.standIn.onRequest({
    after: (_call, { status }) => {
      if (status === 429) answered.happen();
    },
  });
  if (classroom.standIn.requests.some(({ status }) => status === 429)) answered.happen();
  await answered.comes;
  unhook();
}
