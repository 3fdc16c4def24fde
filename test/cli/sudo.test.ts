import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, chownSync, cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { callsOf } from '../fixtures/provisioning/remote.ts';
import { skip } from '../fixtures/skip.ts';

const [service, student] = [21_900, 21_001];
const port = '23000';

/**
 * The words that run a command through sudo: as tunnel-student, to tunnel-service. Both accounts and the sudo rule exist only
 * in a mount namespace, so that this machine never sees them.
 */
function sudo(classroom: Classroom): string[] {
  const [accounts, rules] = [path.join(classroom.folder, 'passwd'), path.join(classroom.folder, 'sudoers')];
  cpSync('/etc/passwd', accounts);
  appendFileSync(
    accounts,
    `tunnel-service:*:${service}:${service}::/nonexistent:/bin/false\ntunnel-student:*:${student}:${student}::/nonexistent:/bin/sh\n`,
  );
  writeFileSync(
    rules,
    'Defaults env_keep += "CLASSROOM_TUNNEL_CONFIG CLASSROOM_TUNNEL_USER"\ntunnel-student ALL=(tunnel-service) NOPASSWD: ALL\n',
    { mode: 0o440 },
  );
  const script = `mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/sudoers && shift 2 && exec setpriv --reuid=${student} --regid=${student} --clear-groups sudo -n -u tunnel-service "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', accounts, rules];
}

/** A class in sudo mode: token and state belong to the service account. */
async function startService(config: Readonly<Record<string, unknown>> = {}): Promise<Classroom> {
  const classroom = await startClassroom({ config });
  chmodSync(classroom.folder, 0o755);
  mkdirSync(classroom.stateDir, { mode: 0o700 });
  for (const file of [classroom.stateDir, classroom.tokenFile]) chownSync(file, service, service);
  return classroom;
}

describe('command: through sudo', function () {
  this.timeout(60_000);
  before(function () {
    if (process.getuid?.() !== 0) skip(this, 'needs root');
  });
  afterEach(closeAll);

  it("takes the user from sudo, not from the environment, and works with the service account's token", async () => {
    const classroom = await startService();
    const { code, out, err } = await classroom.run(['--type', 'GET', '-p', port], {
      user: 'student7',
      through: sudo(classroom),
    });
    assert.deepEqual([code, out], [0, 'tunnel-student.example.com\n'], err);
    assert.deepEqual([statSync(classroom.stateDir).uid, readdirSync(classroom.in('queue'))], [service, []]);
    assert.equal(statSync(classroom.in('records', 'state.json')).uid, service);
  });

  it('takes the user from sudo before there is a state folder', async () => {
    const classroom = await startService();
    const parent = path.join(classroom.folder, 'new');
    mkdirSync(parent);
    chownSync(parent, service, service);
    classroom.configure({ stateDir: 'new/state' });
    assert.equal(
      (await classroom.run(['--type', 'GET', '-p', port], { through: sudo(classroom) })).out,
      'tunnel-student.example.com\n',
    );
  });

  for (const stateDir of ['state', 'own', 'nowhere']) {
    it(`rejects a student's own configuration with the state folder ${stateDir}`, async () => {
      const classroom = await startService();
      const file = path.join(classroom.folder, 'own.json');
      mkdirSync(path.join(classroom.folder, 'own'));
      classroom.configure({ stateDir }, file);
      for (const owned of [path.join(classroom.folder, 'own'), file]) chownSync(owned, student, student);
      const { code, last } = await classroom.run(['publish', '-p', port, '--json'], {
        env: { CLASSROOM_TUNNEL_CONFIG: file },
        through: sudo(classroom),
      });
      assert.deepEqual([code, last['code']], [77, 'config-not-trusted']);
      assert.deepEqual(callsOf(classroom.standIn), []);
    });
  }

  for (const mode of [0o664, 0o646]) {
    it(`rejects a configuration of root with the mode ${mode.toString(8)}`, async () => {
      const classroom = await startService();
      chmodSync(classroom.configFile, mode);
      const { code, last } = await classroom.run(['info', '--json'], { through: sudo(classroom) });
      assert.deepEqual([code, last['code']], [77, 'config-not-trusted']);
    });
  }

  it('shows nothing of the token file if a student names it as the configuration', async () => {
    const classroom = await startService();
    const { out, err } = await classroom.run(['info', '--json'], {
      env: { CLASSROOM_TUNNEL_CONFIG: classroom.tokenFile },
      through: sudo(classroom),
    });
    assert.match(out, /"config-invalid"/);
    assert.ok(!(out + err).includes(classroom.standIn.token.slice(0, 5)));
  });

  for (const verb of ['list', 'gc', 'restore', 'doctor', 'setup']) {
    it(`rejects ${verb} by a student, without a call`, async () => {
      const classroom = await startService();
      const { code, last } = await classroom.run([verb, '--json'], { through: sudo(classroom) });
      assert.deepEqual([code, last['code']], [77, 'teacher-only']);
      assert.deepEqual(callsOf(classroom.standIn), []);
    });
  }

  it('lets a user in `teachers` call the commands of a teacher', async () => {
    const classroom = await startService({ teachers: ['tunnel-student'] });
    it('shows nothing of the token file if a student names it as the configuration', async () => {
      const classroom = await startService();
      const { out, err } = await classroom.run(['info', '--json'], {
        env: { CLASSROOM_TUNNEL_CONFIG: classroom.tokenFile },
        through: sudo(classroom),
      });
      assert.match(out, /"config-invalid"/);
      assert.ok(!(out + err).includes(classroom.standIn.token.slice(0, 5)));
    });

    for (const verb of ['list', 'gc', 'restore']) {
      const { code, err } = await classroom.run([verb], { through: sudo(classroom) });
      assert.equal(code, 0, err);
    }
  });
});
