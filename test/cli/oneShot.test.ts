import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { assertLive, callsOf, foreignConfig, foreignText } from '../fixtures/provisioning/remote.ts';

describe('command: the two forms of the article', () => {
  afterEach(closeAll);

  it('GET prints the hostname alone, and makes rule and proxied CNAME', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const { code, out, err } = await classroom.run(['--type', 'GET', '--port', '3000']);
    assert.deepEqual({ code, out, err }, { code: 0, out: 'student1.example.com\n', err: '' });
    assert.deepEqual(standIn.world.tunnel.config, {
      ingress: [{ hostname: 'student1.example.com', service: 'http://localhost:3000' }, { service: 'http_status:404' }],
    });
    const [record, ...others] = standIn.world.zone.records.all();
    assert.deepEqual(others, []);
    assert.deepEqual(
      [record?.type, record?.name, record?.content, record?.proxied, record?.comment],
      [
        'CNAME',
        'student1.example.com',
        `${standIn.tunnelId}.cfargotunnel.com`,
        true,
        'classroom-tunnel user=student1 port=3000 machine=server1',
      ],
    );
    assert.deepEqual(callsOf(standIn).sort(), ['GET config', 'GET records', 'POST batch', 'PUT config']);
  });

  it('GET of what is there answers the same, without a call', async () => {
    const classroom = await startClassroom();
    await classroom.run(['--type', 'GET', '-p', '3000']);
    classroom.standIn.requests.length = 0;
    const { code, out } = await classroom.run(['--type=GET', '-p3000']);
    assert.deepEqual([code, out, callsOf(classroom.standIn)], [0, 'student1.example.com\n', []]);
  });

  it('DELETE takes the site down and says so', async () => {
    const classroom = await startClassroom({ standIn: { config: foreignConfig } });
    const before = foreignText(classroom.standIn);
    await classroom.run(['--type', 'GET', '-p', '3000']);
    const { code, out } = await classroom.run(['--type', 'DELETE', '-p', '3000']);
    assert.deepEqual([code, out], [0, 'Removed student1.example.com; the DNS record stays for a while.\n']);
    assertLive(classroom.standIn, []);
    assert.equal(foreignText(classroom.standIn), before);
  });

  it('DELETE of nothing says that there was nothing, and writes nothing', async () => {
    const classroom = await startClassroom({ standIn: { config: foreignConfig } });
    const { code, out } = await classroom.run(['--type', 'DELETE', '-p', '3000']);
    assert.deepEqual([code, out], [0, 'There was nothing to remove.\n']);
    assert.equal(classroom.standIn.world.tunnel.version, 1);
    assert.deepEqual(callsOf(classroom.standIn).sort(), ['GET config', 'GET records']);
  });

  it('a rule for the port that somebody else made: GET answers its hostname, DELETE leaves it and says why', async () => {
    const config = {
      ingress: [{ hostname: 'teacher.example.com', service: 'http://localhost:3000' }, { service: 'http_status:404' }],
    };
    const classroom = await startClassroom({ standIn: { config } });
    const got = await classroom.run(['--type', 'GET', '-p', '3000']);
    assert.deepEqual([got.code, got.out], [0, 'teacher.example.com\n']);
    const left = await classroom.run(['--type', 'DELETE', '-p', '3000']);
    assert.deepEqual([left.code, left.out], [1, '']);
    assert.match(left.err, /not made by classroom-tunnel.*teacher\.example\.com for port 3000.*left as it is/s);
    assert.deepEqual([classroom.standIn.world.tunnel.version, classroom.standIn.world.zone.records.size], [1, 0]);
  });

  for (const unconfigured of ['null', 'not-found'] as const) {
    it(`a tunnel that was never configured (${unconfigured}) gets its first configuration, and loses nothing but the rule`, async () => {
      const classroom = await startClassroom({ standIn: { unconfigured } });
      assert.equal((await classroom.run(['--type', 'GET', '-p', '3000'])).code, 0);
      assert.equal((await classroom.run(['--type', 'DELETE', '-p', '3000'])).code, 0);
      assert.deepEqual(classroom.standIn.world.tunnel.config, { ingress: [{ service: 'http_status:404' }] });
    });
  }

  it('--version says which one it is', async () => {
    const classroom = await startClassroom();
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const { code, out } = await classroom.run(['--version']);
    assert.deepEqual([code, out.trim()], [0, version]);
  });

  it('usage: what is no call ends with 2, one message and no call to Cloudflare', async () => {
    const classroom = await startClassroom();
    const wrong = [
      ['--type', 'GET'],
      ['-p', '3000'],
      ['--type', 'PUT', '-p', '3000'],
      ['--type', 'GET', '-p', '0'],
      ['--type', 'GET', '-p', '65536'],
      ['--type', 'GET', '-p', '3e3'],
      ['--type', 'GET', '-p', ''],
      ['--unknown'],
      ['nonsense'],
      ['publish'],
      ['publish', '-p', 'x'],
      ['release'],
      ['release', '--holder', 'a/b'],
      ['publish', '-p', '3000', '--holder', 'x'.repeat(81)],
      ['publish', '-p', '3000', '--holder-pid', '-1'],
    ];
    await Promise.all(
      wrong.map(async (args) => {
        const { code, out, err } = await classroom.run(args);
        assert.deepEqual([code, out], [2, ''], args.join(' '));
        assert.match(err, /^error: /m, args.join(' '));
      }),
    );
    assert.deepEqual(callsOf(classroom.standIn), []);
  });
});
