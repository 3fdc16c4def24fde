import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { callsOf } from '../fixtures/provisioning/remote.ts';
import { accountCases } from './badAccounts.ts';
import { localCases } from './badInputs.ts';

describe('command: bad input', () => {
  afterEach(closeAll);

  for (const { what, spoil, code, exit, says, remote = false } of [...localCases, ...accountCases]) {
    it(`${what}: one message, exit code ${exit}, nothing changed`, async () => {
      const classroom = await startClassroom();
      const { standIn } = classroom;
      await spoil(classroom);
      const [ended, people] = await Promise.all([
        classroom.run(['publish', '-p', '3000', '--json']),
        classroom.run(['--type', 'GET', '-p', '3000']),
      ]);
      assert.deepEqual(
        [ended.code, ended.last['code'], ended.last['exitCode'], people.code, people.out],
        [exit, code, exit, exit, ''],
      );
      for (const key of ['title', 'message', 'action']) assert(ended.last[key], key);
      for (const expected of says)
        assert.match(
          people.err,
          expected instanceof RegExp ? expected : new RegExp(expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')),
        );
      assert(!/\{\w+\}: |undefined| at .*:\d+:\d+/.test(people.err), `a stack or an unfilled message: ${people.err}`);
      assert.equal(ended.events.filter(({ event }) => event === 'error').length, 1);
      assert.deepEqual([standIn.world.tunnel.version, standIn.world.zone.records.size], [0, 0]);
      if (!remote) assert.deepEqual(callsOf(standIn), []);
    });
  }

  it('a token file that every account may read: a warning with the fix, and it works', async () => {
    const classroom = await startClassroom();
    chmodSync(classroom.tokenFile, 0o644);
    const { code, err, out } = await classroom.run(['--type', 'GET', '-p', '3000']);
    assert.deepEqual([code, out], [0, 'student1.example.com\n']);
    assert.match(err, /warning: .*token.*chmod 600/);
  });

  it('a two-level hostname: a warning about its certificate, and it works', async () => {
    const classroom = await startClassroom({ config: { hostname: '{user}.class.example.com' } });
    const { code, err, out } = await classroom.run(['--type', 'GET', '-p', '3000']);
    assert.deepEqual([code, out], [0, 'student1.class.example.com\n']);
    assert.match(err, /warning: .*two levels.*certificate.*\{user\}-class\.example\.com/);
  });

  it('the token may come from the environment, and is in no file of the state', async () => {
    const classroom = await startClassroom({ config: { tokenFile: undefined } });
    const { standIn } = classroom;
    assert.equal(
      (await classroom.run(['--type', 'GET', '-p', '3000'], { env: { CLOUDFLARE_API_TOKEN: standIn.token } })).code,
      0,
    );
    const found = classroom.spawn(['grep', '-r', standIn.token, classroom.stateDir]);
    assert.equal((await found.ended).code, 1);
  });

  it('what the environment says of Cloudflare is not for us', async () => {
    const classroom = await startClassroom();
    const env = {
      CLOUDFLARE_API_TOKEN: 'x'.repeat(40),
      CLOUDFLARE_API_KEY: 'k',
      CLOUDFLARE_EMAIL: 'e@example.com',
      CLOUDFLARE_BASE_URL: 'http://127.0.0.1:1',
      CLOUDFLARE_API_USER_SERVICE_KEY: 'u',
    };
    assert.equal((await classroom.run(['--type', 'GET', '-p', '3000'], { env })).code, 0);
  });
});
