import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Check } from '../../src/cli/doctor/findings.ts';
import { everyFault } from '../../standin/faults.ts';
import { rateLimits } from '../../src/provisioning/rateLimit.ts';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { addWildcard, cloudflareTroubles } from './cloudflareTroubles.ts';
import { machineTroubles } from './doctorTroubles.ts';

/** A class without anything to complain of. */
async function soundClass(): Promise<Classroom> {
  const classroom = await startClassroom({ config: { allowUserOverride: undefined, portRange: [23000, 23099] } });
  mkdirSync(classroom.stateDir, { mode: 0o711 });
  return classroom;
}

async function examine(classroom: Classroom): Promise<{ code: number | null; checks: Check[]; bad: Check[] }> {
  const { code, last } = await classroom.run(['doctor', '--json']);
  assert.equal(last['event'], 'doctor');
  const checks = last['checks'] as Check[];
  return { code, checks, bad: checks.filter(({ level }) => level !== 'ok') };
}

describe('command: doctor', () => {
  afterEach(closeAll);

  it('finds everything in order, asks Cloudflare at most eleven questions, and changes nothing', async () => {
    const classroom = await soundClass();
    const { code, checks, bad } = await examine(classroom);
    assert.deepEqual([code, bad], [0, []]);
    const names = checks.map(({ check }) => check);
    assert.deepEqual(names, [
      'configuration',
      'token file',
      'state',
      'lock',
      'records',
      'connector',
      'token',
      'tunnel',
      'rules',
      'zone',
      'hostname',
      'DNS',
      'zone settings',
      'certificate',
      'bot fight mode',
    ]);
    const { requests } = classroom.standIn;
    assert(requests.length <= 11);
    assert.deepEqual([classroom.standIn.world.tunnel.version, classroom.standIn.world.zone.records.size], [0, 0]);
    assert.match(
      (await classroom.run(['doctor'])).out,
      /^ok {7}configuration .*\n(.*\n)*\nEverything is in order\.\n$/,
    );
  });

  for (const [name, fault] of Object.entries(everyFault).filter(([name]) => /^(404|403|500 before)/.test(name)))
    it(`names what to look at where the answer about settings, certificates and bots is ${name}`, async () => {
      const classroom = await soundClass();
      const pattern = '/(settings|ssl|bot_management)';
      classroom.standIn.faults.add({ ...fault, pattern, always: true });
      const { checks } = await examine(classroom);
      for (const wanted of ['zone settings', 'certificate', 'bot fight mode']) {
        const found = checks.find(({ check }) => check === wanted);
        assert.ok(found && found.level !== 'fail', JSON.stringify(found));
      }
    });

  it('takes its calls from the budget before it makes them', async () => {
    const classroom = await soundClass();
    const file = join(classroom.stateDir, 'records', 'rateLimit.json');
    const callsLeft = (): number => (JSON.parse(readFileSync(file, 'utf8')) as { calls: number }).calls;
    await examine(classroom);
    const afterOne = callsLeft();
    assert.ok(afterOne <= rateLimits.most - classroom.standIn.requests.length);
    await examine(classroom);
    assert.ok(callsLeft() < afterOne);
  });

  it("is content with a live class in wildcard mode and with an account's own token", async () => {
    const classroom = await startClassroom({
      config: { dns: 'wildcard', portRange: [23000, 23099] },
      standIn: { token: { owner: 'account' } },
    });
    addWildcard(classroom);
    mkdirSync(classroom.stateDir, { mode: 0o711 });
    await classroom.done(['publish', '-p', '23000']);
    classroom.configure({ allowUserOverride: undefined });
    const { checks, bad } = await examine(classroom);
    assert.deepEqual(bad, []);
    assert.match(
      checks.map(({ text }) => text).join('\n'),
      /1 live[^]*the account's own[^]*2, the last of them the catch-all/,
    );
  });

  for (const { what, spoil, check, level = 'fail', says, fix, also = [] } of [
    ...machineTroubles,
    ...cloudflareTroubles,
  ]) {
    it(`${what}: one ${level === 'fail' ? 'failure' : level}, with its fix`, async () => {
      const classroom = await soundClass();
      await spoil(classroom);
      const { code, bad } = await examine(classroom);
      const found = bad.find((finding) => finding.check === check && finding.level === level);
      assert(found, JSON.stringify(bad));
      assert.match(found.text, says);
      assert.match(found.fix ?? '', fix);
      assert.equal(code, level === 'fail' ? 1 : 0);
      assert.deepEqual(
        bad.filter((one) => one.level === 'fail' && one.check !== check).map((one) => one.check),
        also,
      );
    });
  }

  it('calls a bad configuration that, with its own exit code, and asks nobody', async () => {
    const classroom = await soundClass();
    classroom.configure({ tunelId: 'x' });
    const { code, bad } = await examine(classroom);
    assert.equal(code, 78);
    assert.match(bad[0]?.text ?? '', /`tunelId`/);
    assert.equal(classroom.standIn.requests.length, 0);
  });

  it('does not ask while Cloudflare blocks the token, and says until when', async () => {
    const classroom = await soundClass();
    mkdirSync(classroom.in('records'), { mode: 0o711 });
    const limit = { calls: 100, at: Date.now(), until: Date.now() + 200_000 };
    writeFileSync(classroom.in('records', 'rateLimit.json'), JSON.stringify(limit));
    const { code, bad } = await examine(classroom);
    assert.deepEqual([code, bad.map(({ check }) => check), classroom.standIn.requests.length], [0, ['rate limit'], 0]);
  });

  it('sees what nobody holds any more', async () => {
    const classroom = await soundClass();
    classroom.configure({ allowUserOverride: true });
    const { pid } = spawnSync('true'); // has ended
    await classroom.done(['publish', '-p', '23000', '--holder', 'shell-1', '--holder-pid', String(pid)]);
    const { bad } = await examine(classroom);
    assert.match(
      JSON.stringify(bad.filter(({ check }) => check === 'records')),
      /Without a living holder: student1\.example\.com/,
    );
  });

  if (process.getuid?.() === 0) {
    it('run by root, looks and works as the account that owns the state', async () => {
      const classroom = await soundClass();
      const nobody = 65534;
      chmodSync(classroom.folder, 0o755);
      for (const file of [classroom.stateDir, classroom.tokenFile]) chownSync(file, nobody, nobody);
      assert.deepEqual((await examine(classroom)).bad, []);
      const { pid } = spawnSync('true');
      await classroom.done(['publish', '-p', '23000', '--holder', 'shell-1', '--holder-pid', String(pid)]);
      await classroom.done(['list']);
      assert.equal((await classroom.done(['gc']))['removed'], true);
      assert.deepEqual((await examine(classroom)).bad, []); // all that they have made belongs to that account too
      assert(readdirSync(classroom.stateDir).includes('records'));
      chownSync(classroom.tokenFile, 0, 0);
      assert.match(JSON.stringify((await examine(classroom)).bad), /may not read/);
      chmodSync(classroom.folder, 0o700);
      assert.match(JSON.stringify((await examine(classroom)).bad), /may not reach/);
    });
  }
});
