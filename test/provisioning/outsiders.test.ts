import { FixableError } from '../../src/provisioning/errors.ts';
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { ask, attempt, collect, publish, release, site } from '../fixtures/provisioning/publishing.ts';
import {
  assertLive,
  assertWhole,
  callsOf,
  foreignConfig,
  foreignText,
  studentRecords,
} from '../fixtures/provisioning/remote.ts';

/** Saves a rule in the dashboard, once, before or after the next call of this method. */
function saveDuring(classroom: Classroom, moment: 'before' | 'after', method: string, hostname: string): void {
  const unhook = classroom.standIn.onRequest({
    [moment]: (call: { method: string; path: string }) => {
      if (call.method !== method || !call.path.endsWith('/configurations')) return;
      unhook();
      classroom.standIn.world.saveInDashboard((config) => ({
        ...config,
        ingress: [{ hostname, service: 'http://10.0.0.9:80' }, ...config.ingress],
      }));
    },
  });
}

describe('writers outside of this program', () => {
  afterEach(closeAll);

  for (const kind of ['publish', 'release'] as const) {
    it(`a ${kind} notices a save between its read and its write by the version, reads again and logs it`, async () => {
      const classroom = await startClassroom({ standIn: { config: foreignConfig } });
      await ask(classroom, publish(2));
      if (kind === 'release') await ask(classroom, publish(1));
      classroom.standIn.requests.length = 0;
      saveDuring(classroom, 'after', 'GET', 'new.example.com');
      const log: string[] = [];
      const outcome = await ask(classroom, kind === 'publish' ? publish(1) : release(1), {
        log: (line) => {
          log.push(line);
        },
      });
      assert.equal(outcome.kind, kind === 'publish' ? 'published' : 'removed');
      assert.match(log.join('\n'), /configuration was saved elsewhere/);
      assert.match(
        readFileSync(classroom.in('audit.log'), 'utf8'),
        /"what":"note","message":"The tunnel's configuration was saved/,
      );
      assert.equal(callsOf(classroom.standIn).filter((call) => call === 'GET config').length, 2);
      assertLive(classroom.standIn, kind === 'publish' ? ['student1', 'student2'] : ['student2']);
    });

    it(`a ${kind} notices such a save also when its write got no answer`, async () => {
      const classroom = await startClassroom({ standIn: { config: foreignConfig } });
      await ask(classroom, publish(1));
      saveDuring(classroom, 'after', 'GET', 'new.example.com');
      classroom.standIn.faults.add({ kind: 'drop', effect: true, method: 'PUT' });
      const log: string[] = [];
      const outcome = await ask(classroom, kind === 'publish' ? publish(2) : release(1), {
        log: (line) => {
          log.push(line);
        },
      });
      assert.equal(outcome.kind, kind === 'publish' ? 'published' : 'removed');
      assert.match(log.join('\n'), /configuration was saved elsewhere/);
    });

    it(`the next run that reads repairs a ${kind} that an older configuration overwrote`, async () => {
      const classroom = await startClassroom({ standIn: { config: foreignConfig } });
      await ask(classroom, publish(1));
      const shownBefore = structuredClone(classroom.standIn.world.tunnel.config);
      await ask(classroom, kind === 'publish' ? publish(2) : release(1));
      assert.ok(shownBefore);
      classroom.standIn.world.saveInDashboard(() => shownBefore);
      await ask(classroom, collect);
      assertLive(classroom.standIn, kind === 'publish' ? ['student1', 'student2'] : []);
      assertWhole(classroom);
    });
  }

  it('a save while a failed release is settled is noticed too', async () => {
    const classroom = await startClassroom({ standIn: { config: foreignConfig } });
    await ask(classroom, publish(1));
    classroom.standIn.faults.add({ kind: 'drop', method: 'PUT' });
    const unhook = classroom.standIn.onRequest({
      before: ({ method }) => {
        if (method !== 'PUT') return;
        unhook();
        saveDuring(classroom, 'after', 'GET', 'new.example.com');
      },
    });
    const log: string[] = [];
    assert.equal(
      (
        await ask(classroom, release(1), {
          log: (line) => {
            log.push(line);
          },
        })
      ).kind,
      'removed',
    );
    assertWhole(classroom);
    assert.match(log.join('\n'), /configuration was saved elsewhere/);
  });

  it('changes saved between our runs stay untouched', async () => {
    const classroom = await startClassroom({ standIn: { config: foreignConfig } });
    const { world } = classroom.standIn;
    await ask(classroom, publish(1));
    world.saveInDashboard((config) => ({
      ...config,
      'warp-routing': { enabled: false },
      ingress: [
        ...config.ingress.slice(0, -1),
        { hostname: 'late.example.com', service: 'http://10.0.0.9:80' },
        { service: 'http_status:503' },
      ],
    }));
    const foreign = foreignText(classroom.standIn);
    await ask(classroom, publish(2));
    await ask(classroom, release(1));
    await ask(classroom, release(2));
    assert.equal(foreignText(classroom.standIn), foreign);
  });

  it('a rule that cloudflared would refuse stops every change, and the message names it', async () => {
    const classroom = await startClassroom({
      standIn: {
        config: {
          ingress: [
            { hostname: 'bad.example.com', service: 'http://localhost:80/path' },
            { service: 'http_status:404' },
          ],
        },
      },
    });
    const outcome = await ask(classroom, publish(1));
    assert.ok(outcome.kind === 'error' && outcome.error.code === 'tunnel-invalid');
    assert.match(FixableError.fromJSON(outcome.error).message, /bad\.example\.com/);
    assert.deepEqual([classroom.standIn.world.tunnel.version, studentRecords(classroom.standIn)], [1, []]);
  });

  it('keeps the last 50 configurations that were replaced, and has two audit lines for each change', async () => {
    const classroom = await startClassroom({ standIn: { config: foreignConfig } });
    for (let time = 0; time < 27; time += 1) {
      await ask(classroom, publish(1));
      await ask(classroom, release(1));
    }
    await ask(classroom, release(1));
    await ask(classroom, publish(2));
    await ask(classroom, publish(2, 'b'));
    const kept = readdirSync(classroom.in('configurations')).sort();
    assert.equal(kept.length, 50);
    const newest = JSON.parse(readFileSync(classroom.in('configurations', kept.at(-1) ?? ''), 'utf8')) as {
      version: number;
      config: unknown;
    };
    assert.deepEqual([newest.version, newest.config], [55, foreignConfig]);
    const lines = readFileSync(classroom.in('audit.log'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines.length, 2 * 55, 'a request that changes nothing has no line');
    const { at: intentTime, ...intent } = lines[0] ?? {};
    const changes = [{ hostname: 'student1.example.com', user: 'student1', port: 3001, present: true }];
    assert.deepEqual(intent, { what: 'intent', changes });
    assert.ok(!Number.isNaN(Date.parse(String(intentTime))));
    const { at, milliseconds, ...rest } = lines[1] ?? {};
    assert.deepEqual(rest, {
      user: 'student1',
      port: 3001,
      what: 'publish',
      hostname: 'student1.example.com',
      outcome: 'published',
      created: true,
      apiCalls: 4,
    });
    assert.ok(!Number.isNaN(Date.parse(String(at))) && Number(milliseconds) >= 0);
    const { what, user, hostname } = lines[3] ?? {};
    assert.deepEqual([what, user, hostname], ['release', 'student1', 'student1.example.com']);
  });

  it('changes nothing when the audit log cannot be written', async () => {
    const classroom = await startClassroom();
    await ask(classroom, publish(1));
    const { version } = classroom.standIn.world.tunnel;
    rmSync(classroom.in('audit.log'));
    mkdirSync(classroom.in('audit.log'));
    await assert.rejects(ask(classroom, publish(2)));
    assert.equal(classroom.standIn.world.tunnel.version, version);
    assertLive(classroom.standIn, ['student1']);
  });
});

describe('two machines of one class', () => {
  afterEach(closeAll);

  it("with a tunnel each and one zone do not touch each other's rules and records, and name the machine that holds a hostname", async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const one = standIn.world.tunnel;
    const two = standIn.world.addTunnel({ name: 'second' });
    const second = `${classroom.folder}/second.json`;
    classroom.configure({ tunnelId: two.id, stateDir: 'state2', machine: 'server2' }, second);
    const there = { configFile: second };
    const put = (number: number) => ({
      kind: 'publish' as const,
      site: site(number, 'server2'),
      holder: { id: 'a' },
      verify: false,
    });
    await ask(classroom, publish(1));
    await ask(classroom, put(2), there);

    const refused = await attempt(classroom, put(1), there);
    assert.ok(refused.kind === 'error' && refused.error.code === 'hostname-taken');
    assert.match(FixableError.fromJSON(refused.error).message, /server1/);
    const back = await attempt(classroom, publish(2));
    assert.ok(back.kind === 'error' && /server2/.test(FixableError.fromJSON(back.error).message));
    assertLive(standIn, ['student1'], one);
    assertLive(standIn, ['student2'], two);

    const records = JSON.stringify(standIn.world.zone.records.named('student2.example.com'));
    await ask(classroom, { kind: 'unpublish', site: site(2) });
    await ask(classroom, collect, { isListening: () => false });
    assert.equal(JSON.stringify(standIn.world.zone.records.named('student2.example.com')), records);
    await ask(classroom, release(1));
    await ask(classroom, { kind: 'collect', idleRecords: true }); // an idle record holds its name for this machine
    assertLive(standIn, [], one);
    assertLive(standIn, ['student2'], two);
    await ask(classroom, put(1), there);
    assertLive(standIn, ['student1', 'student2'], two);
  });

  it('lose their state without harm to each other', async () => {
    const classroom = await startClassroom();
    const { standIn } = classroom;
    const two = standIn.world.addTunnel({ name: 'second' });
    const second = `${classroom.folder}/second.json`;
    classroom.configure({ tunnelId: two.id, stateDir: 'state2', machine: 'server2' }, second);
    await ask(classroom, publish(1));
    // The second machine has never run, so its state knows nothing at Cloudflare.
    await ask(classroom, collect, { configFile: second });
    assertLive(standIn, ['student1']);
  });
});
