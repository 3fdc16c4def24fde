import assert from 'node:assert/strict';
import { readdirSync, readFileSync, watch } from 'node:fs';
import { closeAll, startClassroom, type Classroom, type Started } from '../fixtures/provisioning/classroom.ts';
import { ask, collect, publish, release } from '../fixtures/provisioning/publishing.ts';
import { STRESS_LIMIT, times } from '../fixtures/stress.ts';
import { assertLive, assertWhole, foreignConfig, foreignText, liveRules } from '../fixtures/provisioning/remote.ts';

const calls = {
  'the read of the configuration': ['GET', '/configurations'],
  'the list of records': ['GET', '/dns_records'],
  'the write of the configuration': ['PUT', '/configurations'],
  'the batch of records': ['POST', '/batch'],
} as const;

describe('crash: SIGKILL at every step', () => {
  afterEach(closeAll);

  for (const [name, [method, path]] of Object.entries(calls)) {
    for (const moment of ['before it takes effect', 'while it is under way', 'after it took effect'] as const) {
      for (const kind of ['publish', 'release'] as const) {
        it(`the next run leaves rule and record or neither when a ${kind} is killed at ${name}, ${moment}`, async () => {
          // Only a release that keeps no record has a batch of records.
          const config = name === 'the batch of records' && kind === 'release' ? { keepRecordMinutes: 0 } : {};
          const classroom = await startClassroom({ standIn: { config: foreignConfig }, config });
          const { standIn } = classroom;
          const foreign = foreignText(standIn);
          await ask(classroom, publish(2));
          if (kind === 'release') await ask(classroom, publish(1));
          const victims: Started[] = [];
          const kill = async (call: { method: string; path: string }) => {
            if (call.method !== method || !call.path.endsWith(path)) return undefined;
            for (const { child, ended } of victims) {
              child.kill('SIGKILL');
              await ended;
            }
            return moment === 'before it takes effect' ? 'drop' : undefined;
          };
          const unhook = standIn.onRequest(moment === 'after it took effect' ? { after: kill } : { before: kill });
          const victim = classroom.launch(
            kind === 'publish' ? ['publish', '-p', '3001', '--holder', 'a'] : ['release', '--holder', 'a'],
          );
          victims.push(victim);
          assert.equal((await victim.ended).signal, 'SIGKILL');
          unhook();
          // The next run does not wait for the lock of a dead holder.
          await ask(classroom, publish(3));
          assertLive(standIn, ['student2', 'student3']);
          assertWhole(classroom);
          assert.equal(foreignText(standIn), foreign);
        });
      }
    }
  }
});

const wanted = times(300);

describe(`crash: ${wanted} kills under load`, () => {
  afterEach(closeAll);

  const users = Array.from({ length: 10 }, (_, index) => index + 1);
  const victims = 8;

  it('leave rules and records whole, keep other publications and foreign rules, and hold no lock', async function () {
    this.timeout(STRESS_LIMIT);
    const classroom = await startClassroom({
      standIn: { config: foreignConfig, roundTripMs: 4 },
      config: { lockTimeoutSeconds: 60 },
    });
    const { standIn } = classroom;
    const foreign = foreignText(standIn);
    await ask(classroom, publish(20));
    const random = randomFrom(20_261_122);
    let kills = 0;
    for (let round = 0; kills < wanted; round += 1) {
      classroom.refillBudget();
      const live = new Set(liveRules(standIn));
      const events = new Events(classroom);
      const runs = users.map((user, index) => {
        const isLive = live.has(`student${user}.example.com`);
        const started = classroom.launch(
          [...(isLive ? ['release'] : ['publish', '-p', String(3000 + user)]), '--holder', 'a', '--json'],
          { user: `student${user}` },
        );
        // The moment is a count of events in the state folder and at Cloudflare, so that kills hit every step.
        if ((index + round) % users.length < victims)
          events.at(1 + Math.floor(random() * 70), () => {
            started.child.kill('SIGKILL');
          });
        return { user, isLive, ended: started.ended };
      });
      const outcomes = await Promise.all(runs.map(async (run) => ({ ...run, ended: await run.ended })));
      events.close();
      kills += outcomes.filter(({ ended }) => ended.signal === 'SIGKILL').length;
      await ask(classroom, publish(30));
      await ask(classroom, release(30));
      assertWhole(classroom, `after ${kills} kills`);
      assert.equal(foreignText(standIn), foreign);
      assert.deepEqual(liveRules(standIn), recorded(classroom), 'what is live is what our records say');
      for (const { user, isLive, ended } of outcomes) {
        if (ended.signal === 'SIGKILL') continue;
        assert.equal(ended.code, 0, ended.out + ended.err);
        assert.equal(
          liveRules(standIn).includes(`student${user}.example.com`),
          !isLive,
          `student${user} was told ${ended.out}`,
        );
      }
      assert.ok(liveRules(standIn).includes('student20.example.com'));
    }
    // Files of the killed processes are removed later.
    await ask(classroom, collect, { now: () => Date.now() + 2 * 3_600_000 });
    for (const folder of ['queue', 'scratch', 'lock']) assert.deepEqual(readdirSync(classroom.in(folder)), [], folder);
  });
});

/** Counts events, and calls back at a count. */
class Events {
  private count = 0;
  private readonly planned = new Map<number, (() => void)[]>();
  private readonly undo: (() => void)[] = [];

  constructor(classroom: Classroom) {
    for (const folder of ['queue', 'lock', 'records', 'scratch']) {
      const watcher = watch(classroom.in(folder), () => {
        this.next();
      });
      this.undo.push(() => {
        watcher.close();
      });
    }
    this.undo.push(
      classroom.standIn.onRequest({
        before: () => {
          this.next();
        },
        after: () => {
          this.next();
        },
      }),
    );
  }

  at(count: number, then: () => void): void {
    this.planned.set(count, [...(this.planned.get(count) ?? []), then]);
  }
  close(): void {
    for (const undo of this.undo) undo();
  }

  private next(): void {
    this.count += 1;
    for (const then of this.planned.get(this.count) ?? []) then();
  }
}

function recorded(classroom: Classroom): string[] {
  const { publications } = JSON.parse(readFileSync(classroom.in('records', 'state.json'), 'utf8')) as {
    publications: { hostname: string }[];
  };
  return publications.map((one) => one.hostname).sort();
}

/** Pseudo-random numbers from 0 to 1, the same in every run. */
function randomFrom(start: number): () => number {
  let seed = start;
  return () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}
