import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { closeAll, startClassroom, type Classroom, type Ended } from '../fixtures/provisioning/classroom.ts';
import { assertLive, callsOf, foreignConfig, foreignText } from '../fixtures/provisioning/remote.ts';

/** A class in which student1 and student2 are live. */
async function startLive(): Promise<Classroom> {
  const classroom = await startClassroom({ standIn: { config: foreignConfig } });
  for (const number of [1, 2]) await publish(classroom, number);
  classroom.standIn.requests.length = 0;
  return classroom;
}
const publish = (classroom: Classroom, number: number, ...more: string[]) =>
  classroom.run(['publish', '-p', `300${number}`, '--holder', 'window-1', '--verify', '--json', ...more], {
    user: `student${number}`,
  });
const isRefused = ({ code, last }: Ended) => code === 77 && last['code'] === 'stopped-by-teacher';

/** A process that stands for a dev server. */
function startServer(): ChildProcess & { readonly pid: number } {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  assert.ok(child.pid);
  return child as ChildProcess & { readonly pid: number };
}

describe('command: stop, pause, resume', () => {
  afterEach(closeAll);

  it('stop takes a site down, which no command of the student undoes, until resume', async () => {
    const classroom = await startLive();
    const foreign = foreignText(classroom.standIn);
    assert.deepEqual(await classroom.done(['stop', 'student1']), {
      event: 'stopped',
      users: ['student1'],
      hostnames: ['student1.example.com'],
      apiCalls: 3,
    });
    assertLive(classroom.standIn, ['student2']);
    assert.equal(foreignText(classroom.standIn), foreign);
    classroom.standIn.requests.length = 0;
    const { code, last } = await publish(classroom, 1);
    assert.deepEqual(
      [code, last['code'], last['message'], last['retryAfterSeconds']],
      [77, 'stopped-by-teacher', 'Your teacher has taken it down.', undefined],
    );
    const list = await classroom.run(['list']);
    assert.match(list.out, /^Stopped: student1 \(student1\.example\.com\) since \d\d:\d\d$/m);
    await classroom.done(['release', '--holder', 'window-1']);
    await classroom.done(['unpublish', '-p', '3001']);
    assert.ok(isRefused(await publish(classroom, 1, '--holder', 'window-2')));
    const script = await classroom.run(['--type', 'GET', '-p', '3001']);
    assert.match(script.err, /taken it down/);
    await classroom.done(['resume', 'student1']);
    assert.equal((await publish(classroom, 1)).code, 0);
    assertLive(classroom.standIn, ['student1', 'student2']);
  });

  it('a stop ends with a server that is started after it', async () => {
    const classroom = await startLive();
    const first = startServer();
    await classroom.done(['stop', 'student1']);
    const second = startServer();
    try {
      assert.ok(isRefused(await publish(classroom, 1, '--run-pid', String(first.pid))));
      assert.equal((await publish(classroom, 1, '--run-pid', String(second.pid))).code, 0);
    } finally {
      first.kill();
      second.kill();
    }
  });

  it('stop --all takes every site down in one round, and says so once nothing is live', async () => {
    const classroom = await startLive();
    assert.equal((await classroom.run(['stop', '--all'])).out, 'Stopped student1.example.com, student2.example.com.\n');
    assert.equal(callsOf(classroom.standIn).length, 3);
    assertLive(classroom.standIn, []);
    assert.equal((await classroom.run(['stop', '--all'])).out, 'Nothing was live.\n');
    assert.equal(callsOf(classroom.standIn).length, 3);
  });

  it('pause refuses without a call, with its end and the message, until resume', async () => {
    const classroom = await startLive();
    const paused = await classroom.done(['pause', '--until', '2h', '--message', 'Look at the board.']);
    const { until } = paused;
    assert.deepEqual(
      [paused['users'], paused['message'], paused['hostnames']],
      [null, 'Look at the board.', ['student1.example.com', 'student2.example.com']],
    );
    assertLive(classroom.standIn, []);
    classroom.standIn.requests.length = 0;
    const { code, last } = await publish(classroom, 1);
    assert.deepEqual(
      [code, last['code'], last['until'], last['teacherMessage'], last['retryAfterSeconds']],
      [77, 'paused', until, 'Look at the board.', 60],
    );
    assert.match(
      String(last['message']),
      /^Your teacher has paused publishing until .*\d\d:\d\d: Look at the board\.$/,
    );
    assert.deepEqual((await classroom.done(['list']))['paused'], [
      { user: null, since: listed(await classroom.done(['list'])), until, message: 'Look at the board.' },
    ]);
    assert.deepEqual(await classroom.done(['resume']), { event: 'resumed', users: null, apiCalls: 0 });
    assert.deepEqual(callsOf(classroom.standIn), []);
    assert.equal((await publish(classroom, 1)).code, 0);
  });

  it('pause of one student leaves the others live, and the audit log says who paused whom', async () => {
    const classroom = await startLive();
    assert.equal((await classroom.run(['pause', 'student2'])).out, 'Paused student2. Removed student2.example.com.\n');
    assertLive(classroom.standIn, ['student1']);
    const { err, code } = await classroom.run(['publish', '-p', '3002'], { user: 'student2' });
    assert.deepEqual([code, err.split('\n')[0]], [77, 'classroom-tunnel: Your teacher has paused publishing.']);
    assert.equal((await classroom.run(['resume', 'student2'], { user: 'root' })).out, 'Resumed student2.\n');
    const audit = readFileSync(classroom.in('audit.log'), 'utf8').trimEnd().split('\n');
    const entries = audit.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      entries.filter(({ users }) => users === 'student2').map(({ user, what, outcome }) => [user, what, outcome]),
      [
        ['student1', 'pause', 'removed'],
        ['root', 'resume', 'removed'],
      ],
    );
  });

  it('stays in force when Cloudflare cannot be reached, and the next round takes the site down', async () => {
    const classroom = await startLive();
    classroom.standIn.faults.add({ kind: 'refuse', always: true });
    const { code } = await classroom.run(['pause', 'student1']);
    assert.equal(code, 1);
    classroom.standIn.faults.clear();
    assert.equal((await publish(classroom, 1)).last['code'], 'paused');
    assertLive(classroom.standIn, ['student2']);
  });

  for (const args of [
    ['stop'],
    ['stop', 'student1', '--all'],
    ['stop', 'student 1'],
    ['pause', '--until', 'noon'],
    ['pause', '--message', 'two\nlines'],
  ]) {
    it(`refuses ${JSON.stringify(args)}, without a call`, async () => {
      const classroom = await startClassroom();
      assert.equal((await classroom.run(args)).code, 2);
      assert.deepEqual(callsOf(classroom.standIn), []);
    });
  }
});

function listed({ paused }: Record<string, unknown>): unknown {
  return (paused as { since: string }[])[0]?.since;
}
