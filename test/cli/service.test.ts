import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { processOwner } from '../../src/cli/caller.ts';
import { formatRequest, limits } from '../../src/cli/service/protocol.ts';
import { readFolder, readText } from '../../src/shell/procFiles.ts';
import { closeAll, startClassroom, type Ended } from '../fixtures/provisioning/classroom.ts';
import { holdNextWrite } from '../fixtures/provisioning/heldWrite.ts';
import { assertLive, callsOf } from '../fixtures/provisioning/remote.ts';
import {
  as,
  asUser,
  connectTo,
  serviceUid,
  socketOf,
  startPrivateClassroom,
  startService,
  students,
} from '../fixtures/provisioning/service.ts';
import { skip } from '../fixtures/skip.ts';

const port = '23000';
const student1 = { through: as('student1') };
const student2 = { through: as('student2') };

describe('command: through the service', function () {
  this.timeout(120_000);
  before(function () {
    if (process.getuid?.() !== 0) skip(this, 'needs root');
    if (!existsSync('/usr/bin/unixserver')) skip(this, 'needs unixserver');
  });
  afterEach(closeAll);

  it("takes the user from the peer, and works with the service account's token", async () => {
    const classroom = await startService();
    const { code, out, err } = await classroom.run(['--type', 'GET', '-p', port], { user: 'student7', ...student1 });
    assert.deepEqual([code, out, err], [0, 'student1.example.com\n', '']);
    assert.deepEqual(readdirSync(classroom.in('queue')), []);
    assert.equal(statSync(classroom.in('records', 'state.json')).uid, serviceUid);
  });

  it('answers as the command does that works directly', async () => {
    const [direct, service] = [await startClassroom(), await startService()];
    const shown = ({ code, out, err }: Ended) => [code, out.replaceAll(/"since":"[^"]*"/g, ''), err];
    for (const args of [
      ['publish', '-p', port, '--json'],
      ['publish', '-p', port],
      ['publish', '-p', port, '--sentence'],
      ['publish', '-p', port, '--relay', '--holder', 'x', '--sentence'],
      ['--type', 'GET', '-p', port],
      ['info', '-p', '23001'],
      ['release', '--holder', 'unknown', '--json'],
      ['--type', 'DELETE', '-p', port],
      ['unpublish', '-p', port, '--json'],
      ['publish'],
      ['publish', '-p', 'x'],
      ['--help'],
      ['unknown'],
    ]) {
      const [one, other] = [await direct.run(args), await service.run(args, student1)];
      const expected = shown(one).map((part) => String(part).replaceAll(direct.folder, service.folder));
      const actual = shown(other).map((part) => String(part).replaceAll(`sockets/${students.student1}`, 'sockets/0'));
      assert.deepEqual(actual, expected, args.join(' '));
    }
  });

  for (const verb of ['list', 'stop', 'pause', 'resume', 'log', 'gc', 'restore', 'doctor']) {
    it(`rejects ${verb} by a student, without a call`, async () => {
      const classroom = await startService();
      const { code, last } = await classroom.run([verb, '--json'], student1);
      assert.deepEqual([code, last['code']], [77, 'teacher-only']);
      assert.deepEqual(callsOf(classroom.standIn), []);
    });
  }

  it('lets a user in `teachers` call the commands of a teacher', async () => {
    const classroom = await startService({ teachers: ['student1'] });
    for (const verb of ['list', 'pause', 'resume', 'log', 'gc', 'restore']) {
      const { code, err } = await classroom.run([verb], student1);
      assert.equal(code, 0, err);
    }
  });

  it('does not run setup or serve for a caller', async () => {
    const classroom = await startService({ teachers: ['root'] });
    for (const args of [
      ['setup', '--yes'],
      ['serve', '--peer', '0-0-0'],
      ['shell-init', 'bash'],
    ]) {
      const socket = await connectTo(classroom);
      socket.write(formatRequest(args));
      assert.match(await text(socket), /"exitCode":2\}\n$/);
    }
  });

  it('rejects a process of another user as the holder', async () => {
    const classroom = await startService();
    const args = ['publish', '-p', port, '--holder', 'a', '--json', '--holder-pid'];
    const refused = await classroom.run([...args, String(process.pid)], student1);
    assert.deepEqual([refused.code, refused.last['code']], [77, 'holder-foreign']);
    assert.deepEqual(callsOf(classroom.standIn), []);
  });

  it('says that the service does not run, and asks nobody to open the token', async () => {
    const classroom = await startPrivateClassroom();
    const { code, err } = await classroom.run(['publish', '-p', port], student1);
    assert.equal(code, 1);
    assert.match(err, /service does not run.*command\.sock.*systemctl enable --now/s);
    assert.doesNotMatch(err, /token/);
  });

  it('refuses a student who still comes through sudo', async () => {
    const classroom = await startPrivateClassroom();
    const env = { SUDO_UID: String(students.student1), SUDO_COMMAND: '/usr/local/bin/classroom-tunnel.cjs list' };
    const { code, last } = await classroom.run(['list', '--json'], { through: asUser(serviceUid), env });
    assert.deepEqual([code, last['code']], [77, 'sudo-refused']);
  });

  it('cuts off a caller that writes nothing, too much or no request', async () => {
    const classroom = await startService();
    const requests = ['', '{"args":["info"', 'x'.repeat(limits.requestBytes + 1), '{}\n', '{"args":[1]}\n'];
    const replies = requests.map(async (request) => {
      const socket = await connectTo(classroom);
      socket.write(request);
      return text(socket);
    });
    for (const reply of await Promise.all(replies)) assert.match(reply, /did not understand[^]*"exitCode":2\}\n$/);
  });

  it('serves others while a caller reads nothing', async () => {
    const classroom = await startService();
    const socket = connect({ path: socketOf(classroom) });
    await once(socket, 'connect');
    socket.pause().write(formatRequest(['publish', '-p', '23009', '--json']));
    const { code, err } = await classroom.run(['publish', '-p', port], student2);
    assert.equal(code, 0, err);
    socket.destroy();
  });

  it("keeps another student's site and the lock, whenever a client is killed or stopped", async () => {
    const classroom = await startService();
    assert.equal((await classroom.run(['publish', '-p', port], student2)).code, 0);
    for (let moment = 0; moment < 10; moment++) {
      const client = classroom.launch(['publish', '-p', '23001', '--holder', 'a', '--verify', '--json'], student1);
      await Promise.race([pause(moment * 60), client.ended]);
      client.child.kill(moment % 2 === 0 ? 'SIGKILL' : 'SIGSTOP');
      const next = await classroom.run(['publish', '-p', port, '--verify', '--json'], student2);
      assert.deepEqual([next.code, next.last['created']], [0, false], next.out + next.err);
      client.child.kill('SIGKILL');
      await client.ended;
    }
    assert.equal((await classroom.run(['unpublish', '-p', '23001'], student1)).code, 0);
    assertLive(classroom.standIn, ['student2']);
  });

  it('cannot be signalled or read by a student', async () => {
    const classroom = await startService();
    const write = holdNextWrite(classroom.standIn);
    const client = classroom.launch(['publish', '-p', port], student1);
    await write.arrived;
    const [service = ''] = readFolder('/proc').filter(
      (pid) =>
        processOwner(Number(pid)) === serviceUid &&
        readText(`/proc/${pid}/cmdline`)?.includes('\0serve\0') &&
        readText(`/proc/${pid}/comm`) === 'node\n',
    );
    const attempt = (script: string) => {
      return spawnSync('setpriv', [...as('student1').slice(1), 'sh', '-c', script], { encoding: 'utf8' });
    };
    for (const signal of ['USR1', 'STOP', 'TSTP', 'TERM', 'KILL', 'QUIT'])
      assert.match(attempt(`kill -${signal} ${service}`).stderr, /not permitted/);
    for (const file of ['environ', 'mem', 'maps', 'fd', 'cwd'])
      assert.notEqual(attempt(`ls -L /proc/${service}/${file}/. || cat /proc/${service}/${file}`).status, 0, file);
    write.go();
    assert.equal((await client.ended).code, 0);
  });
});
