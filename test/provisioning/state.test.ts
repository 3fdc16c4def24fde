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
/** Runs a command as an unprivileged account if this process is root's, because root ignores permissions. */
const unprivileged = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
const stateFile = (classroom: Classroom) => classroom.in('records', 'state.json');

describe('state that is torn, garbage or lost', () => {
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
    it(`is put aside and rebuilt from Cloudflare, with the holders of the last whole copy, when the file is ${what}`, async () => {
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
      assert.ok(
        log.some((line) => line.includes(stateFile(classroom)) && line.includes('rebuilt')),
        log.join('\n'),
      );
      assertLive(classroom.standIn, ['student1', 'student2', 'student3']);
      assert.ok(
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

  it('is rebuilt by our markers when the whole folder is lost, and half publications are removed', async () => {
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

  it('keeps a publication recovered without holders while its server runs, and gc removes it afterwards', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    await ask(classroom, publish(2));
    rmSync(classroom.stateDir, { recursive: true });
    await ask(classroom, collect, { isListening: (port) => port === 3001 });
    assertLive(classroom.standIn, ['student1']);
  });

  it('is corrected by gc when Cloudflare has sites that it does not know', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    cpSync(stateFile(classroom), classroom.in('before.json'));
    await ask(classroom, publish(2));
    cpSync(classroom.in('before.json'), stateFile(classroom));
    await ask(classroom, collect);
    assertLive(classroom.standIn, ['student1']);
  });

  it('does no harm when an old one is restored', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    cpSync(stateFile(classroom), classroom.in('before.json'));
    await ask(classroom, release(1));
    cpSync(classroom.in('before.json'), stateFile(classroom));
    assert.equal((await ask(classroom, release(1))).kind, 'removed');
    assertLive(classroom.standIn, []);
  });

  it('loses half-written files of killed processes to gc after an hour', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    const left = classroom.in('scratch', '1-1');
    writeFileSync(left, 'half');
    await ask(classroom, collect);
    assert.ok(existsSync(left), 'it may be being written now');
    utimesSync(left, 1, 1);
    await ask(classroom, collect);
    assert.ok(!existsSync(left));
  });
});

describe('state that cannot be written', () => {
  afterEach(closeAll);

  /** Expects one message that names the file, and no change. */
  async function refused(classroom: Classroom, says: RegExp): Promise<void> {
    const { version } = classroom.standIn.world.tunnel;
    const { code, last } = await classroom.run(['publish', '-p', '3002', '--json'], {
      user: 'student2',
      through: unprivileged,
    });
    assert.deepEqual([code, last['code']], [1, 'state-unwritable'], JSON.stringify(last));
    assert.match(String(last['message']), says);
    assert.ok(String(last['message']).includes(classroom.stateDir), String(last['message']));
    assert.equal(classroom.standIn.world.tunnel.version, version);
    assert.ok(!callsOf(classroom.standIn).some((call) => /PUT|POST/.test(call)));
  }

  async function start(): Promise<Classroom> {
    const classroom = await startClassroom();
    chmodSync(classroom.folder, 0o755);
    chmodSync(classroom.tokenFile, 0o644);
    return classroom;
  }

  it('is reported for a read-only folder', async () => {
    const classroom = await start();
    mkdirSync(classroom.stateDir, { mode: 0o555 });
    await refused(classroom, /may not write/);
  });

  it('is reported for a read-only subfolder', async () => {
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

  it('is reported for a file in place of the folder', async () => {
    const classroom = await start();
    writeFileSync(classroom.stateDir, '');
    await refused(classroom, /not a folder/);
  });

  it('is reported for a full disk, changes nothing, and works again when there is space', async () => {
    const classroom = await start();
    const undo = fillDisk(classroom);
    if (undo) await refused(classroom, /disk is full/);
    else await refusedInside(classroom);
    undo?.();
    assert.equal((await classroom.run(['publish', '-p', '3002'], { user: 'student2', through: unprivileged })).code, 0);
    assertLive(classroom.standIn, ['student2']);
  });

  it('does not fail a request whose process cannot serve others afterwards', async () => {
    const classroom = await startClassroom();
    const publisher = await openPublisher(classroom);
    const quiet = { queued: () => undefined, locked: () => undefined };
    assert.equal((await publisher.request(publish(1), quiet, new AbortController().signal)).kind, 'published');
    rmSync(classroom.in('records'), { recursive: true });
    writeFileSync(classroom.in('records'), '');
    const left = attempt(classroom, publish(2));
    await publisher.serveOthers(new AbortController().signal);
    const told = await left;
    assert.ok(told.kind === 'error' && told.error.code === 'state-unwritable');
  });
});

/** Mounts a small full file system; undefined if this account may not mount. */
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

/** Replaces the full file system by a publisher whose folder refuses every file as a full disk does. */
async function refusedInside(classroom: Classroom): Promise<void> {
  const publisher = await openPublisher(classroom);
  publisher.store.publications.save = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  await assert.rejects(
    publisher.request(publish(2), { queued: () => undefined, locked: () => undefined }, new AbortController().signal),
    { code: 'ENOSPC' },
  );
  assert.ok(!callsOf(classroom.standIn).some((call) => /PUT|POST/.test(call)));
}
