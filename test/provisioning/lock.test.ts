import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { identifyOnHost } from '../../src/provisioning/processIdentity.ts';
import { isAbandoned, lockTimes, withLock, type HeldLock } from '../../src/provisioning/lock.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { whileCollecting } from '../fixtures/garbage.ts';
import { programFile } from '../fixtures/provisioning/bundles.ts';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { Deferred } from '../fixtures/provisioning/deferred.ts';
import { publish } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';
import { STRESS_LIMIT, times } from '../fixtures/stress.ts';

const self = identifyOnHost(process.pid, 'host1');
const deadHolder = JSON.stringify({ ...self, startTime: '1' });

describe('lock', () => {
  let root: string;
  let folder: StateFolder;
  const held = (...parts: readonly string[]) => folder.in('lock', 'held', ...parts);
  const lockOnce = <T>(work: (lock: HeldLock) => Promise<T>) =>
    withLock({ folder, self, newId: randomUUID, now: Date.now, times: lockTimes }, work);
  /** Creates another process's lock of this age in seconds. */
  const plant = (owner: string, identity: string, age = 0) => {
    mkdirSync(held(), { recursive: true });
    writeFileSync(held(owner), identity);
    const then = Date.now() / 1000 - age;
    utimesSync(held(), then, then);
  };
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
    folder = await StateFolder.open(root);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('is held by one process at a time, and is free afterwards, also after a failure', async () => {
    assert.equal(await lockOnce(async () => lockOnce(() => Promise.resolve('inside'))), undefined);
    await assert.rejects(
      lockOnce(() => Promise.reject(new Error('work failed'))),
      /work failed/,
    );
    assert.equal(await lockOnce(() => Promise.resolve('free')), 'free');
    assert.deepEqual([existsSync(held()), readdirSync(folder.in('scratch'))], [false, []]);
  });

  it('ends when its time is over, even while garbage is collected', async () => {
    const over = whileCollecting(() =>
      withLock(
        { folder, self, newId: randomUUID, now: Date.now, times: { ...lockTimes, hold: 300 } },
        async ({ signal }) => {
          await once(signal, 'abort');
          return 'over';
        },
      ),
    );
    assert.equal(await over, 'over');
  });

  it('is taken at once from a dead holder, and from a living or invisible one only when it is stale', async () => {
    const abandoned = () => isAbandoned(folder, self, lockTimes.stale, Date.now());
    assert.ok(!abandoned(), 'nobody has left it');
    plant('dead.json', deadHolder);
    assert.ok(abandoned());
    assert.equal(await lockOnce(() => Promise.resolve('taken')), 'taken');
    for (const identity of [
      JSON.stringify(self),
      JSON.stringify({ ...self, bootId: 'another', host: 'host2' }),
      'garbage',
    ]) {
      plant('other.json', identity);
      assert.ok(!abandoned(), identity);
      assert.equal(await lockOnce(() => Promise.resolve('taken')), undefined, identity);
      plant('other.json', identity, 31);
      assert.ok(abandoned(), identity);
      assert.equal(await lockOnce(() => Promise.resolve('taken')), 'taken', identity);
    }
  });

  it('is free when it is empty, as a crash between two steps leaves it', async () => {
    mkdirSync(held());
    assert.equal(await lockOnce(() => Promise.resolve('taken')), 'taken');
  });

  it("is checked before each write, and the release of a lost lock does not remove the next holder's", async () => {
    await lockOnce((lock) => {
      lock.check();
      rmSync(held(), { recursive: true });
      plant('other.json', JSON.stringify(self));
      assert.throws(
        () => {
          lock.check();
        },
        { code: 'lock-lost' },
      );
      return Promise.resolve();
    });
    assert.deepEqual(readdirSync(held()), ['other.json']);
  });

  it('ends before it could look stale', () => {
    assert.ok(lockTimes.hold * 2 <= lockTimes.stale && lockTimes.update * 3 <= lockTimes.stale);
  });

  const rounds = times(1000);
  it(`is never held by two of 12 processes that all find it stale, in ${rounds} rounds`, async function () {
    this.timeout(STRESS_LIMIT);
    const contenders = Array.from({ length: 12 }, () => new Contender(root));
    try {
      await Promise.all(contenders.map((one) => one.answer()));
      let won = 0;
      for (let round = 0; round < rounds; round += 1) {
        // Half of the locks have a dead holder, half are only old.
        plant(`left-${round}.json`, round % 2 === 0 ? deadHolder : 'unknown', round % 2 === 0 ? 0 : 60);
        const answers = await Promise.all(contenders.map((one) => one.contend()));
        assert.ok(!answers.includes('BROKEN'), `two were inside in round ${round}`);
        assert.ok(answers.includes('won'), `nobody got it in round ${round}: ${answers.join(' ')}`);
        won += answers.filter((answer) => answer === 'won').length;
      }
      assert.ok(won >= rounds);
      assert.deepEqual(
        [existsSync(held()), existsSync(path.join(root, 'inside')), readdirSync(folder.in('scratch'))],
        [false, false, []],
      );
    } finally {
      for (const one of contenders) one.end();
    }
  });
});

describe('lock of a stopped holder', () => {
  afterEach(closeAll);

  it('is lost, so the holder writes nothing more when it wakes and the next holder has served its request', async function () {
    this.timeout(120_000);
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const launch = (number: number) =>
      classroom.spawn([
        process.execPath,
        programFile('patientPublisher'),
        JSON.stringify({
          configFile: classroom.configFile,
          action: publish(number),
          lockTimes: { stale: 2_000, update: 1_000, hold: 15_000 },
        }),
      ]);
    const stopped = new Deferred();
    const first = launch(1);
    const unhook = standIn.onRequest({
      after: ({ method, path: where }) => {
        if (method !== 'GET' || !where.endsWith('/configurations')) return;
        unhook();
        first.child.kill('SIGSTOP');
        stopped.resolve();
      },
    });
    await stopped.promise;
    const second = await launch(2).ended;
    assert.equal(second.last['kind'], 'published', second.out);
    assertLive(standIn, ['student1', 'student2']);
    standIn.requests.length = 0;
    first.child.kill('SIGCONT');
    const woken = await first.ended;
    assert.ok(['published', 'error'].includes(String(woken.last['kind'])), woken.out);
    if (woken.last['kind'] === 'error') assert.equal(woken.last['code'], 'lock-lost');
    assert.deepEqual(callsOf(standIn), []);
    assertLive(standIn, ['student1', 'student2']);
    assert.ok(!existsSync(classroom.in('lock', 'held')));
  });
});

/** A process that contends on command. */
class Contender {
  private readonly child;
  private readonly answers: AsyncIterator<string>;

  constructor(root: string) {
    this.child = spawn(process.execPath, [programFile('lockContender'), root], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async answer(): Promise<string> {
    return String((await this.answers.next()).value);
  }
  async contend(): Promise<string> {
    this.child.stdin.write('go\n');
    return this.answer();
  }
  end(): void {
    this.child.kill('SIGKILL');
  }
}
