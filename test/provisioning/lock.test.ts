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
import { Moment } from '../fixtures/provisioning/moment.ts';
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
  /** Somebody's lock, of this age in seconds. */
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

  it('is held by one at a time, and is free afterwards, also after a failure', async () => {
    assert.equal(await lockOnce(async () => lockOnce(() => Promise.resolve('inside'))), undefined);
    await assert.rejects(
      lockOnce(() => Promise.reject(new Error('work failed'))),
      /work failed/,
    );
    assert.equal(await lockOnce(() => Promise.resolve('free')), 'free');
    assert.deepEqual([existsSync(held()), readdirSync(folder.in('scratch'))], [false, []]);
  });

  it('tells when its time is over, whatever was collected as garbage meanwhile', async () => {
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

  it('of the dead is taken at once; of the living, and of those whom nobody can see, only when it is stale', async () => {
    const abandoned = () => isAbandoned(folder, self, lockTimes.stale, Date.now());
    assert(!abandoned(), 'nobody has left it');
    plant('dead.json', deadHolder);
    assert(abandoned());
    assert.equal(await lockOnce(() => Promise.resolve('taken')), 'taken');
    for (const identity of [
      JSON.stringify(self),
      JSON.stringify({ ...self, bootId: 'another', host: 'host2' }),
      'garbage',
    ]) {
      plant('other.json', identity);
      assert(!abandoned(), identity);
      assert.equal(await lockOnce(() => Promise.resolve('taken')), undefined, identity);
      plant('other.json', identity, 31);
      assert(abandoned(), identity);
      assert.equal(await lockOnce(() => Promise.resolve('taken')), 'taken', identity);
    }
  });

  it('that is empty, as a crash between two steps leaves it, is free', async () => {
    mkdirSync(held());
    assert.equal(await lockOnce(() => Promise.resolve('taken')), 'taken');
  });

  it("that was lost is noticed before anything is written, and its release removes nobody else's", async () => {
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

  it('is over before it could look stale', () => {
    assert(lockTimes.hold * 2 <= lockTimes.stale && lockTimes.update * 3 <= lockTimes.stale);
  });

  const rounds = times(1000);
  it(`is never held by two: ${rounds} rounds of 12 processes that all find it stale`, async function () {
    this.timeout(STRESS_LIMIT);
    const contenders = Array.from({ length: 12 }, () => new Contender(root));
    try {
      await Promise.all(contenders.map((one) => one.answer()));
      let won = 0;
      for (let round = 0; round < rounds; round += 1) {
        // Half of them were left by the dead, half are only old: both ways of taking over.
        plant(`left-${round}.json`, round % 2 === 0 ? deadHolder : 'unknown', round % 2 === 0 ? 0 : 60);
        const answers = await Promise.all(contenders.map((one) => one.contend()));
        assert(!answers.includes('BROKEN'), `two were inside in round ${round}`);
        assert(answers.includes('won'), `nobody got it in round ${round}: ${answers.join(' ')}`);
        won += answers.filter((answer) => answer === 'won').length;
      }
      assert(won >= rounds);
      assert.deepEqual(
        [existsSync(held()), existsSync(path.join(root, 'inside')), readdirSync(folder.in('scratch'))],
        [false, false, []],
      );
    } finally {
      for (const one of contenders) one.end();
    }
  });
});

describe('lock: a holder that was stopped', () => {
  afterEach(closeAll);

  it('for longer than the lock lives, writes nothing more when it wakes; its heir has served it', async function () {
    this.timeout(60_000);
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
    const stopped = new Moment();
    const first = launch(1);
    const unhook = standIn.onRequest({
      after: ({ method, path: where }) => {
        if (method !== 'GET' || !where.endsWith('/configurations')) return;
        unhook();
        first.child.kill('SIGSTOP');
        stopped.happen();
      },
    });
    await stopped.comes;
    const second = await launch(2).ended;
    assert.equal(second.last['kind'], 'published', second.out);
    assertLive(standIn, ['student1', 'student2']);
    standIn.requests.length = 0;
    first.child.kill('SIGCONT');
    const woken = await first.ended;
    assert(['published', 'error'].includes(String(woken.last['kind'])), woken.out);
    if (woken.last['kind'] === 'error') assert.equal(woken.last['code'], 'lock-lost');
    assert.deepEqual(callsOf(standIn), []);
    assertLive(standIn, ['student1', 'student2']);
    assert(!existsSync(classroom.in('lock', 'held')));
  });
});

/** One process that contends when it is told to. */
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
