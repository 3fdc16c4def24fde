import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { assertLive, callsOf, foreignConfig, foreignText } from '../fixtures/provisioning/remote.ts';

describe('command: publish, release, unpublish, info, list, gc, restore', () => {
  afterEach(closeAll);

  it('publish tells its events, one JSON object a line, and ends with the publication', async () => {
    const classroom = await startClassroom({ config: { publicUrl: 'https://{hostname}/' } });
    const { code, events, out } = await classroom.run(['publish', '-p', '3000', '--holder', 'window-1', '--json']);
    assert.equal(code, 0);
    assert.equal(out.trimEnd().split('\n').length, 3);
    assert.deepEqual(events, [
      { event: 'queued' },
      { event: 'locked' },
      {
        event: 'published',
        hostname: 'student1.example.com',
        url: 'https://student1.example.com/',
        port: 3000,
        created: true,
        apiCalls: 4,
      },
    ]);
  });

  it('a second holder claims it without a call, and it goes when the last holder goes', async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3000', '--holder', 'window-1']);
    classroom.standIn.requests.length = 0;
    const claimed = await classroom.done(['publish', '-p', '3000', '--holder', 'window-2']);
    const stays = await classroom.done(['release', '--holder', 'window-1']);
    assert.deepEqual(
      [claimed['created'], claimed['apiCalls'], stays['removed'], stays['apiCalls']],
      [false, 0, false, 0],
    );
    assert.deepEqual(callsOf(classroom.standIn), []);
    assertLive(classroom.standIn, ['student1']);
    const gone = await classroom.done(['release', '--holder', 'window-2']);
    assert.deepEqual(
      [gone['removed'], gone['hostname'], gone['message']],
      [true, 'student1.example.com', 'Removed student1.example.com; the DNS record stays for a while.'],
    );
    assertLive(classroom.standIn, []);
  });

  it('a claim by the same holder is no second one', async () => {
    const classroom = await startClassroom();
    for (let time = 0; time < 2; time += 1) await classroom.done(['publish', '-p', '3000', '--holder', 'window-1']);
    assert.equal((await classroom.done(['release', '--holder', 'window-1']))['removed'], true);
  });

  it("release of nothing ends with 0 and says so, without a call; another student's holder is not ours to release", async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3000', '--holder', 'same']);
    classroom.standIn.requests.length = 0;
    const { code, out } = await classroom.run(['release', '--holder', 'same'], { user: 'student2' });
    assert.deepEqual([code, out, callsOf(classroom.standIn)], [0, 'Nothing was held.\n', []]);
    assertLive(classroom.standIn, ['student1']);
  });

  it('a holder whose process has died holds nothing any more', async () => {
    const classroom = await startClassroom();
    const holder = classroom.spawn(['sleep', '1000']);
    await classroom.done(['publish', '-p', '3000', '--holder', 'shell', '--holder-pid', String(holder.child.pid)]);
    assert.equal((await classroom.run(['gc'])).out, 'Nothing was left behind.\n');
    holder.child.kill('SIGKILL');
    await holder.ended;
    assert.equal(
      (await classroom.run(['gc'])).out,
      'Removed student1.example.com; the DNS record stays for a while.\n',
    );
    assertLive(classroom.standIn, []);
  });

  it("unpublish takes it down whoever holds it, and only the caller's own", async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3000', '--holder', 'a']);
    await classroom.done(['publish', '-p', '3000', '--holder', 'b']);
    const other = await classroom.done(['unpublish', '-p', '3000'], { user: 'student2' });
    assert.deepEqual([other['removed'], other['hostname']], [false, null]);
    assertLive(classroom.standIn, ['student1']);
    assert.equal((await classroom.done(['unpublish', '-p', '3000']))['removed'], true);
    assertLive(classroom.standIn, []);
  });

  it('a port that another student has published is refused, and nothing changes', async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3000']);
    const { code, last } = await classroom.run(['publish', '-p', '3000', '--json'], { user: 'student2' });
    assert.deepEqual([code, last['code']], [77, 'port-held']);
    assert.match(String(last['message']), /student1/);
    assertLive(classroom.standIn, ['student1']);
  });

  it("the student's site follows to another port", async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3000']);
    const { hostname, created } = await classroom.done(['publish', '-p', '3001']);
    assert.deepEqual([hostname, created], ['student1.example.com', true]);
    assert.equal(classroom.standIn.world.tunnel.config?.ingress[0]?.service, 'http://localhost:3001');
    assert.equal((await classroom.done(['unpublish', '-p', '3001']))['removed'], true);
    assertLive(classroom.standIn, []);
  });

  it('--verify mends what somebody removed in the dashboard, and makes no change where nothing is missing', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    await classroom.done(['publish', '-p', '3000']);
    const [record] = standIn.world.zone.records.all();
    assert(record);
    standIn.world.zone.records.delete(record.id);
    assert.equal((await classroom.done(['publish', '-p', '3000', '--verify']))['created'], true);
    assertLive(standIn, ['student1']);
    standIn.world.saveInDashboard((config) => ({ ...config, ingress: config.ingress.slice(1) }));
    await classroom.done(['publish', '-p', '3000', '--verify']);
    assertLive(standIn, ['student1']);
    const { version } = standIn.world.tunnel;
    assert.equal((await classroom.done(['publish', '-p', '3000', '--verify']))['created'], false);
    assert.equal(standIn.world.tunnel.version, version);
  });

  it('info tells user, port, hostname and publication, without a call and without a token', async () => {
    const classroom = await startClassroom({
      config: { ports: { student1: 3001 }, tokenFile: 'nowhere', commands: ['npm start'], portVariable: 'WEB_PORT' },
    });
    const about = {
      event: 'info',
      user: 'student1',
      machine: 'server1',
      port: 3001,
      hostname: 'student1.example.com',
      url: 'https://student1.example.com',
      commands: ['npm start'],
      portVariable: 'WEB_PORT',
      socketFolder: classroom.in('sockets', String(process.getuid?.())),
    };
    assert.deepEqual(await classroom.done(['info']), { ...about, publication: null });
    classroom.configure({ tokenFile: 'token' });
    await classroom.done(['publish', '-p', '3001']);
    classroom.standIn.requests.length = 0;
    const { publication, ...rest } = await classroom.done(['info']);
    const { since, ...live } = publication as Record<string, string>;
    assert.deepEqual(
      [rest, live],
      [about, { hostname: 'student1.example.com', url: 'https://student1.example.com', port: 3001 }],
    );
    assert(!Number.isNaN(Date.parse(since ?? '')));
    assert.deepEqual((await classroom.done(['info'], { user: 'student2' }))['port'], null);
    assert.deepEqual(callsOf(classroom.standIn), []);
  });

  it('info without a known port: no hostname where the template needs the port, else the hostname', async () => {
    const classroom = await startClassroom({ config: { hostname: '{user}-{port}.example.com' } });
    assert.deepEqual((await classroom.done(['info']))['hostname'], null);
    assert.deepEqual((await classroom.done(['info', '-p', '3002']))['hostname'], 'student1-3002.example.com');
  });

  it('list shows who is live, for people and for programs, without a call', async () => {
    const classroom = await startClassroom();
    assert.equal((await classroom.run(['list'])).out, 'No site is live.\n');
    await classroom.done(['publish', '-p', '3000', '--holder', 'a']);
    await classroom.done(['publish', '-p', '3000', '--holder', 'b']);
    await classroom.done(['publish', '-p', '3001'], { user: 'student2' });
    classroom.standIn.requests.length = 0;
    const { publications } = await classroom.done(['list']);
    assert.deepEqual(
      (publications as Record<string, unknown>[]).map(({ user, port, hostname, holders }) => ({
        user,
        port,
        hostname,
        holders,
      })),
      [
        { user: 'student1', port: 3000, hostname: 'student1.example.com', holders: ['a', 'b'] },
        { user: 'student2', port: 3001, hostname: 'student2.example.com', holders: ['hand'] },
      ],
    );
    assert.match(
      (await classroom.run(['list'])).out,
      /^USER.*\nstudent1 +3000 +https:\/\/student1\.example\.com .*\nstudent2 /,
    );
    assert.deepEqual(callsOf(classroom.standIn), []);
  });

  it('the originRequest of the class goes into each rule; a wildcard class writes no record', async () => {
    const classroom = await startClassroom({ config: { dns: 'wildcard', originRequest: { noTLSVerify: true } } });
    const { standIn } = classroom;
    assert.equal((await classroom.done(['publish', '-p', '3000']))['apiCalls'], 2);
    assert.deepEqual(
      [standIn.world.tunnel.config?.ingress[0], standIn.world.zone.records.size],
      [{ hostname: 'student1.example.com', service: 'http://localhost:3000', originRequest: { noTLSVerify: true } }, 0],
    );
    await classroom.done(['unpublish', '-p', '3000']);
    assert.deepEqual(
      [standIn.world.tunnel.config, callsOf(standIn)],
      [{ ingress: [{ service: 'http_status:404' }] }, ['GET config', 'PUT config', 'GET config', 'PUT config']],
    );
  });

  it('without allowUserOverride the environment names nobody', async () => {
    const classroom = await startClassroom({ config: { allowUserOverride: false } });
    const { user } = await classroom.done(['info'], { user: 'student7' });
    assert.equal(
      user,
      readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .map((line) => line.split(':'))
        .find((fields) => fields[2] === String(process.getuid?.()))?.[0],
    );
  });

  it('restore shows what was kept and puts it back; what is live stays live; the audit log has a line for it', async () => {
    const classroom = await startClassroom({ standIn: { config: foreignConfig } });
    const { standIn } = classroom;
    const before = foreignText(standIn);
    await classroom.done(['publish', '-p', '3000']);
    standIn.world.saveInDashboard(() => ({ ingress: [{ service: 'http_status:503' }] }));
    await classroom.done(['publish', '-p', '3001'], { user: 'student2' });
    const { configurations } = await classroom.done(['restore']);
    const [newest, oldest] = configurations as { name: string; version: number; rules: number }[];
    assert.deepEqual([newest?.version, newest?.rules, oldest?.version, oldest?.rules], [3, 1, 1, 5]);
    assert.match((await classroom.run(['restore'])).out, new RegExp(`^NAME .*\n${newest?.name ?? '?'} `));
    const { code, err } = await classroom.run(['restore', oldest?.name ?? '']);
    assert.equal(code, 0, err);
    assert.equal(foreignText(standIn), before);
    await classroom.run(['gc']);
    assertLive(standIn, ['student1', 'student2']);
    assert.match(readFileSync(classroom.in('audit.log'), 'utf8'), /"what":"restore"/);
    const unknown = await classroom.run(['restore', '../../token', '--json']);
    assert.deepEqual([unknown.code, unknown.last['code']], [1, 'backup-unknown']);
  });

  it('state that is garbage: list and info name the file, and leave it where it is', async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3000']);
    const file = classroom.in('records', 'state.json');
    writeFileSync(file, '{"version":1,');
    for (const call of [['list'], ['info', '--json']]) {
      const { code, err } = await classroom.run(call);
      assert.equal(code, 0);
      assert(err.includes(file), err);
    }
    assert.equal(readFileSync(file, 'utf8'), '{"version":1,');
  });
});
