import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { ask, attempt, collect, openPublisher, publish, release, site } from '../fixtures/provisioning/publishing.ts';
import { assertLive, callsOf, foreignConfig, foreignText } from '../fixtures/provisioning/remote.ts';

const isRoot = process.getuid?.() === 0;
/** An account without rights, where this is root's process; permissions mean nothing to root. */
const unprivileged = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
const stateFile = (classroom: Classroom) => classroom.in('records', 'state.json');

describe('state: torn, garbage, lost', () => {
  afterEach(closeAll);

  for (const [what, text] of [
    ['empty', ''],
    ['torn', '{"version": 1, "publications": [{"hostna'],
    ['of an unknown version', '{"version":2,"publications":[],"unsettled":[]}'],
    [
      'of the wrong shape',
      '{"version":1,"publications":[{"hostname":"student1.example.com","user":"student1","service":"x"}],"unsettled":[]}',
    ],
    ['something else', '\u0000\u0001'],
  ] as const) {
    it(`a state file that is ${what} is named, put aside, and rebuilt from what Cloudflare shows; who held what comes from the last whole copy`, async () => {
      const classroom = await startClassroom({ standIn: { config: foreignConfig } });
      const foreign = foreignText(classroom.standIn);
      await ask(classroom, publish(1, 'window-1'));
      await ask(classroom, publish(2, 'window-2'));
      writeFileSync(stateFile(classroom), text);
      const log: string[] = [];
      await ask(classroom, publish(3), {
        log: (line) => {
          log.push(line);
        },
      });
      assert(
        log.some((line) => line.includes(stateFile(classroom)) && line.includes('rebuilt')),
        log.join('\n'),
      );
      assertLive(classroom.standIn, ['student1', 'student2', 'student3']);
      assert(
        readdirSync(classroom.in('records')).some(
          (name) => name.startsWith('state.broken-') && readFileSync(classroom.in('records', name), 'utf8') === text,
        ),
      );
      await ask(classroom, release(1, 'other'));
      assertLive(classroom.standIn, ['student1', 'student2', 'student3']);
      await ask(classroom, release(1, 'window-1'));
      assertLive(classroom.standIn, ['student2', 'student3']);
      assert.equal(foreignText(classroom.standIn), foreign);
    });
  }

  it('the whole folder lost: what our markers show is ours, goes on, and can be taken down; halves go', async () => {
    const classroom = await startClassroom({
      standIn: { config: foreignConfig },
      config: { machine: 'Lab Server №1' },
    });
    const { standIn } = classroom;
    const machine = 'Lab Server №1';
    const put = (number: number) =>
      ask(classroom, { kind: 'publish', site: site(number, machine), holder: { id: 'a' }, verify: false });
    for (const number of [1, 2, 3]) await put(number);
    rmSync(classroom.stateDir, { recursive: true });
    standIn.world.saveInDashboard((config) => ({
      ...config,
      ingress: config.ingress.filter((rule) => rule.hostname !== 'student3.example.com'),
    }));
    await put(4);
    assertLive(standIn, ['student1', 'student2', 'student4']);
    assert.deepEqual((await ask(classroom, release(1, 'b'))).kind, 'removed');
    assertLive(standIn, ['student2', 'student4']);
  });

  it('what is recovered without its holders stays while its server runs, and gc takes it when it does not', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    await ask(classroom, publish(2));
    rmSync(classroom.stateDir, { recursive: true });
    await ask(classroom, collect, { isListening: (port) => port === 3001 });
    assertLive(classroom.standIn, ['student1']);
  });

  it('gc finds what is at Cloudflare and nobody here knows of', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    cpSync(stateFile(classroom), classroom.in('before.json'));
    await ask(classroom, publish(2));
    cpSync(classroom.in('before.json'), stateFile(classroom));
    await ask(classroom, collect);
    assertLive(classroom.standIn, ['student1']);
  });

  it('an old state brought back does no harm: what is gone is taken down without complaint', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    cpSync(stateFile(classroom), classroom.in('before.json'));
    await ask(classroom, release(1));
    cpSync(classroom.in('before.json'), stateFile(classroom));
    assert.equal((await ask(classroom, release(1))).kind, 'removed');
    assertLive(classroom.standIn, []);
  });

  it('what a killed process left half-written goes with gc, an hour later', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    const left = classroom.in('scratch', '1-1');
    writeFileSync(left, 'half');
    await ask(classroom, collect);
    assert(existsSync(left), 'it may be being written now');
    utimesSync(left, 1, 1);
    await ask(classroom, collect);
    assert(!existsSync(left));
  });
});

describe('state: where it cannot be written', () => {
  afterEach(closeAll);

  /** One message that names the file; nothing changes; and it works again when the folder does. */
  async function refused(classroom: Classroom, says: RegExp): Promise<void> {
    const { version } = classroom.standIn.world.tunnel;
    const { code, last } = await classroom.run(['publish', '-p', '3002', '--json'], {
      user: 'student2',
      through: unprivileged,
    });
    assert.deepEqual([code, last['code']], [1, 'state-unwritable'], JSON.stringify(last));
    assert.match(String(last['message']), says);
    assert(String(last['message']).includes(classroom.stateDir), String(last['message']));
    assert.equal(classroom.standIn.world.tunnel.version, version);
    assert(!callsOf(classroom.standIn).some((call) => /PUT|POST/.test(call)));
  }

  async function start(): Promise<Classroom> {
    const classroom = await startClassroom();
    chmodSync(classroom.folder, 0o755);
    chmodSync(classroom.tokenFile, 0o644);
    return classroom;
  }

  it('a read-only folder', async () => {
    const classroom = await start();
    mkdirSync(classroom.stateDir, { mode: 0o555 });
    await refused(classroom, /may not write/);
  });

  it('a folder of which a part is read-only', async () => {
    const classroom = await start();
    mkdirSync(classroom.stateDir);
    chmodSync(classroom.stateDir, 0o777);
    await (await openPublisher(classroom)).store.publications.look();
    chmodSync(classroom.in('records'), 0o555);
    await refused(classroom, /records.*may not write/);
    chmodSync(classroom.in('records'), 0o777);
    assert.equal((await classroom.run(['publish', '-p', '3002'], { user: 'student2', through: unprivileged })).code, 0);
    assertLive(classroom.standIn, ['student2']);
  });

  it('a file where the folder should be', async () => {
    const classroom = await start();
    writeFileSync(classroom.stateDir, '');
    await refused(classroom, /not a folder/);
  });

  it('a full disk: nothing is changed; and it goes on when there is room again', async () => {
    const classroom = await start();
    const undo = fillDisk(classroom);
    if (undo) await refused(classroom, /disk is full/);
    else await refusedInside(classroom);
    undo?.();
    assert.equal((await classroom.run(['publish', '-p', '3002'], { user: 'student2', through: unprivileged })).code, 0);
    assertLive(classroom.standIn, ['student2']);
  });

  it("serving others after one's own outcome is no failure of one's own", async () => {
    const classroom = await startClassroom();
    const publisher = await openPublisher(classroom);
    const quiet = { queued: () => undefined, locked: () => undefined };
    assert.equal((await publisher.request(publish(1), quiet, new AbortController().signal)).kind, 'published');
    rmSync(classroom.in('records'), { recursive: true });
    writeFileSync(classroom.in('records'), '');
    const left = attempt(classroom, publish(2));
    await publisher.serveOthers(new AbortController().signal);
    const told = await left;
    assert(told.kind === 'error' && told.error.code === 'state-unwritable');
  });
});

/** A small file system without room, where this account may mount one; undefined where it may not. */
function fillDisk(classroom: Classroom): (() => void) | undefined {
  if (!isRoot) return undefined;
  mkdirSync(classroom.stateDir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0777', 'none', classroom.stateDir]);
  classroom.atEnd(() => {
    execFileSync('umount', [classroom.stateDir]);
  });
  const ballast = classroom.in('ballast');
  try {
    writeFileSync(ballast, Buffer.alloc(1_000_000));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
  return () => {
    rmSync(ballast);
  };
}

/** Without a file system of our own: a publisher whose folder refuses every file as a full disk does. */
async function refusedInside(classroom: Classroom): Promise<void> {
  const publisher = await openPublisher(classroom);
  publisher.store.publications.save = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  await assert.rejects(
    publisher.request(publish(2), { queued: () => undefined, locked: () => undefined }, new AbortController().signal),
    { code: 'ENOSPC' },
  );
  assert(!callsOf(classroom.standIn).some((call) => /PUT|POST/.test(call)));
}
