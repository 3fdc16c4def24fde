import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { commandFile, programFile } from '../fixtures/provisioning/bundles.ts';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { Deferred } from '../fixtures/provisioning/deferred.ts';
import { holdNextWrite } from '../fixtures/provisioning/heldWrite.ts';
import { ask, publish } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';

/** Only root may be several accounts; elsewhere the same tests run as the one account that there is. */
const isRoot = process.getuid?.() === 0;
const group = 31_000;
/** Below the ephemeral ports and above the usual ones: nothing else listens here. */
const firstPort = 23_000;
const numbers = [1, 2, 3, 4, 5, 6];
const accountOf = (number: number) => 21_000 + number;

/** Runs the command as an account whose umask gives nothing to others. */
function as(account: number, groups: readonly number[] = []): string[] {
  const account_ = isRoot
    ? [
        'setpriv',
        `--reuid=${account}`,
        `--regid=${account}`,
        ...(groups.length > 0 ? [`--groups=${groups.join(',')}`] : ['--clear-groups']),
      ]
    : [];
  return [...account_, 'sh', '-c', 'umask 077; exec "$@"', 'sh'];
}

async function startShared(mode: number): Promise<Classroom> {
  const classroom = await startClassroom({ config: { lockTimeoutSeconds: 60 } });
  chmodSync(classroom.folder, 0o755);
  chmodSync(classroom.tokenFile, 0o644);
  mkdirSync(classroom.stateDir);
  if (isRoot) chownSync(classroom.stateDir, 0, group);
  chmodSync(classroom.stateDir, mode);
  return classroom;
}

describe('several accounts share one state folder', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  for (const [what, mode, groups] of [
    ['of their group (setgid)', 0o2770, [group]],
    ['that everybody may write', 0o777, []],
  ] as const) {
    it(`${what}: whoever leads serves all, whatever their umask`, async () => {
      const classroom = await startShared(mode);
      const run = (number: number, args: readonly string[]) =>
        classroom.run([...args, '--holder', 'a', '--json'], {
          user: `student${number}`,
          through: as(accountOf(number), groups),
        });
      for (const args of [(number: number) => ['publish', '-p', String(firstPort + number)], () => ['release']]) {
        const endings = await Promise.all(numbers.map((number) => run(number, args(number))));
        assert.deepEqual(
          endings.map(({ code }) => code),
          numbers.map(() => 0),
          endings.map(({ out, err }) => out + err).join(''),
        );
        assertLive(classroom.standIn, args(1)[0] === 'publish' ? numbers.map((number) => `student${number}`) : []);
      }
      // One after the other, so that everybody writes what somebody else has made.
      for (const number of numbers)
        assert.equal((await run(number, ['publish', '-p', String(firstPort + number)])).code, 0);
      for (const name of ['queue', 'lock', 'scratch']) assert.deepEqual(readdirSync(classroom.in(name)), [], name);
      for (const name of ['records/state.json', 'audit.log'])
        assert.equal(statSync(classroom.in(name)).mode & 0o777, mode & 0o666, name);
    });
  }

  it('one account takes over from another that was killed, at once', async () => {
    const classroom = await startShared(0o777);
    const stuck = new Deferred();
    const unhook = classroom.standIn.onRequest({
      after: async ({ method }) => {
        if (method !== 'PUT') return;
        unhook();
        victim.child.kill('SIGKILL');
        await victim.ended;
        stuck.resolve();
      },
    });
    const victim = classroom.launch(['publish', '-p', '23001', '--json'], {
      user: 'student1',
      through: as(accountOf(1)),
    });
    await stuck.promise;
    const next = await classroom.run(['publish', '-p', '23002'], { user: 'student2', through: as(accountOf(2)) });
    assert.equal(next.code, 0, next.err);
    assertLive(classroom.standIn, ['student2']);
  });

  it('an account that may not use the folder is told so', async () => {
    const classroom = await startShared(isRoot ? 0o2770 : 0o500);
    const { code, last } = await classroom.run(['publish', '-p', '23001', '--json'], { through: as(accountOf(1)) });
    assert.deepEqual([code, last['code']], [1, 'state-unwritable']);
    assert.match(String(last['message']), /state.*this account may not/);
    assert.deepEqual(callsOf(classroom.standIn), []);
  });
});

describe('two process namespaces share one state folder and one tunnel', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  // On a machine without namespaces all of them are one, and the tests hold too.
  const flags = ['--pid', '--fork', '--kill-child', '--mount-proc', ...(isRoot ? [] : ['--user', '--map-root-user'])];
  const apart = spawnSync('unshare', [...flags, 'true']).status === 0 ? ['unshare', ...flags] : [];

  it('they are served by the same lock, and nobody takes another for dead', async () => {
    const classroom = await startClassroom({ config: { lockTimeoutSeconds: 60 } });
    const write = holdNextWrite(classroom.standIn);
    const first = classroom.launch(['publish', '-p', '23001', '--json'], { user: 'student1', through: apart });
    await write.arrived;
    classroom.standIn.requests.length = 0;
    const others = [2, 3, 4, 5].map((number) =>
      classroom.launch(['publish', '-p', String(firstPort + number), '--json'], {
        user: `student${number}`,
        through: number % 2 === 0 ? apart : [],
      }),
    );
    await Promise.all(
      others.map(async ({ child }) => {
        const isQueued = new Deferred();
        child.stdout?.once('data', isQueued.resolve);
        await isQueued.promise;
      }),
    );
    assert(
      !callsOf(classroom.standIn).some((call) => call.startsWith('GET')),
      'the lock of one whom nobody can see is kept',
    );
    write.go();
    const endings = await Promise.all([first, ...others].map(({ ended }) => ended));
    assert.deepEqual(
      endings.map(({ code }) => code),
      [0, 0, 0, 0, 0],
      endings.map(({ out, err }) => out + err).join(''),
    );
    assertLive(
      classroom.standIn,
      [1, 2, 3, 4, 5].map((number) => `student${number}`),
    );
  });

  it('the lock of one that was killed elsewhere is taken over once it is stale, and its half is undone', async () => {
    const classroom = await startClassroom({ config: { lockTimeoutSeconds: 20 } });
    const program = (number: number) => [
      process.execPath,
      programFile('patientPublisher'),
      JSON.stringify({
        configFile: classroom.configFile,
        action: publish(number),
        lockTimes: { stale: 2_000, update: 1_000, hold: 15_000 },
      }),
    ];
    const killed = new Deferred();
    const unhook = classroom.standIn.onRequest({
      after: async ({ method }) => {
        if (method !== 'PUT') return;
        unhook();
        victim.child.kill('SIGKILL');
        await victim.ended;
        killed.resolve();
      },
    });
    const victim = classroom.spawn([...apart, ...program(1)]);
    await killed.promise;
    const heir = await classroom.spawn(program(2)).ended;
    assert.equal(heir.last['kind'], 'published', heir.out);
    // Whether the dead one's request waits for nobody cannot be seen from here: it is served, and nothing is half.
    assert(classroom.standIn.world.zone.records.named('student2.example.com').length === 1);
    await ask(classroom, publish(3));
    // The record of the one that was killed may have been made beside its rule; without its rule it is idle, and waits for them.
    const { tunnel, zone } = classroom.standIn.world;
    const published = (tunnel.config?.ingress ?? []).flatMap(({ hostname }) => hostname ?? []);
    assert.deepEqual(published.slice(-2), ['student2.example.com', 'student3.example.com']);
    for (const hostname of published) assert.equal(zone.records.named(hostname).length, 1, hostname);
    assert(zone.records.size <= 3);
  });
});

describe('a container that shares the state folder', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  const flags = ['--pid', '--fork', '--kill-child', '--mount-proc'];
  const canLookInside =
    isRoot &&
    readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]' &&
    spawnSync('unshare', [...flags, 'true']).status === 0;
  // Without the right to look into a namespace, the same holds for a process in ours.
  const shell = [...(canLookInside ? [...flags, 'sh'] : []), '-c'];

  it('keeps its sites as long as it runs, and gc outside takes them down after that', async () => {
    const classroom = await startClassroom();
    const publishAndStay = `"${process.execPath}" "${commandFile()}" publish -p 23001 --holder window-1 --holder-pid $$ && cat`;
    const running = spawn(canLookInside ? 'unshare' : 'sh', [...shell, publishAndStay], {
      env: { ...process.env, CLASSROOM_TUNNEL_CONFIG: classroom.configFile, CLASSROOM_TUNNEL_USER: 'student1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(running.stdout, 'data');
    assert.equal((await classroom.run(['gc'])).code, 0);
    assertLive(classroom.standIn, ['student1']);
    running.stdin.end();
    await once(running, 'exit');
    assert.equal((await classroom.run(['gc'])).code, 0);
    assertLive(classroom.standIn, []);
  });
});
