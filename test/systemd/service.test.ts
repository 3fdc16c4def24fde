import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { commandFile } from '../fixtures/provisioning/bundles.ts';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { callsOf, liveRules } from '../fixtures/provisioning/remote.ts';
import { skip } from '../fixtures/skip.ts';
import { canBoot, Machine } from './machine.ts';

const program = '/usr/local/bin/classroom-tunnel';

/** Ends a program with its standard input. */
const untilInputEnds = "process.stdin.resume().on('end', () => process.exit());";

/** Opens connections that never write. */
const flood = `const { connect } = require('node:net');
const sockets = Array.from({ length: 60 }, () => connect('/run/classroom-tunnel/command.sock').on('error', () => {}));
Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('connect', resolve)))).then(() => console.log('connected'));
${untilInputEnds}`;

describe('the service under systemd', function () {
  let machine: Machine;
  let classroom: Classroom;

  before(async function () {
    const debian = process.env['BARE_DEBIAN'];
    if (!debian) skip(this, 'needs root and a bare Debian');
    if (!canBoot()) skip(this, 'needs overlays and cgroups');
    classroom = await startClassroom();
    copyFileSync(commandFile(), path.join(classroom.folder, 'classroom-tunnel'));
    rmSync(classroom.configFile);
    chmodSync(classroom.folder, 0o755);
    machine = await Machine.boot(debian, classroom.folder);
    const { apiUrl } = classroom.standIn;
    await done(`install -m 755 /srv/class/classroom-tunnel ${program}
      useradd --system --shell /usr/sbin/nologin classroom-tunnel
      groupadd students
      useradd -m -G students student1
      useradd -m -G students student2
      install -d /etc/classroom-tunnel
      install -m 600 /srv/class/token /etc/classroom-tunnel/token
      ${program} setup --yes --api-base-url ${apiUrl} --hostname '{user}.example.com'`);
  });
  after(async () => {
    await (machine as Machine | undefined)?.close();
    await closeAll();
  });

  /** Runs a script as root, and expects success. */
  async function done(script: string): Promise<string> {
    const { code, out, err } = await machine.run(['sh', '-ec', script]);
    assert.equal(code, 0, out + err);
    return out;
  }
  const command = (user: string, ...args: string[]) => machine.run([program, ...args], user);

  it('is set up by one command, and the doctor finds nothing to fix in it', async () => {
    await done('systemctl is-active classroom-tunnel.socket classroom-tunnel-gc.timer');
    const { out } = await machine.run([program, 'doctor', '--json']);
    const { checks } = JSON.parse(out) as { checks: { check: string; level: string }[] };
    const ofService = checks.filter(({ check }) => ['service', 'sudo', 'state', 'configuration'].includes(check));
    assert.ok(ofService.length >= 3 && ofService.every(({ level }) => level === 'ok'), out);
  });

  it('publishes for the peer of the socket, and takes down', async () => {
    const published = await command('student1', '--type', 'GET', '-p', '3000');
    assert.deepEqual([published.code, published.out], [0, 'student1.example.com\n'], published.err);
    const foreign = await command('student1', 'publish', '-p', '3001', '--json');
    assert.equal(foreign.code, 77);
    assert.equal((await command('student1', 'unpublish', '-p', '3000')).code, 0);
    assert.deepEqual(liveRules(classroom.standIn), []);
  });

  it('sees the owners of processes and ports, in spite of its sandbox', async () => {
    const root = await command('student1', 'publish', '-p', '3000', '--holder', 'a', '--holder-pid', '1', '--json');
    assert.match(root.out, /holder-foreign/);
    const script =
      "require('node:http').createServer().listen(3001, '127.0.0.1', () => console.log('listens'));" + untilInputEnds;
    const server = machine.start(['node', '-e', script], 'student1');
    await new Promise((resolve) => server.stdout.once('data', resolve));
    const taken = await command('student2', 'publish', '-p', '3001', '--json');
    server.stdin.end();
    assert.match(taken.out, /"code":"port-foreign"[^]*student1/);
  });

  it('gives a student nothing else: no verb of a teacher, no signal, no systemctl', async () => {
    classroom.standIn.requests.length = 0;
    for (const verb of ['list', 'gc', 'restore', 'doctor'])
      assert.equal((await command('student1', verb)).code, 77, verb);
    assert.deepEqual(callsOf(classroom.standIn), []);
    for (const verb of ['stop', 'restart', 'disable'])
      assert.notEqual((await machine.run(['systemctl', verb, 'classroom-tunnel.socket'], 'student1')).code, 0);
    await done('systemctl is-active classroom-tunnel.socket');
    for (const file of ['token', '../../var/lib/classroom-tunnel/audit.log'])
      assert.notEqual((await machine.run(['cat', `/etc/classroom-tunnel/${file}`], 'student1')).code, 0);
  });

  it('serves the others while a student floods the socket', async () => {
    const attack = machine.start(['node', '-e', flood], 'student1');
    await new Promise((resolve) => attack.stdout.once('data', resolve));
    const published = await command('student2', 'publish', '-p', '3001', '--json');
    attack.stdin.end();
    assert.equal(published.code, 0, published.out + published.err);
    await done('systemctl is-active classroom-tunnel.socket');
  });

  it('has units that systemd finds no fault with', async () => {
    const { out, err } = await machine.run([
      'sh',
      '-c',
      'systemd-analyze verify /etc/systemd/system/classroom-tunnel*',
    ]);
    assert.equal(out + err, '');
    const security = await done('systemd-analyze --no-pager security classroom-tunnel@0-1-2.service');
    const exposure = Number(/Overall exposure level[^:]*: ([\d.]+)/.exec(security)?.[1]);
    assert.ok(exposure < 3, security);
    assert.match(await done('systemctl show -p TriggerLimitIntervalUSec classroom-tunnel.socket'), /=0$/m);
  });
});
