import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatMarker } from '../../src/provisioning/marker.ts';
import {
  isAchieved,
  makePlan,
  recordTarget,
  type DnsRecord,
  type Plan,
  type Remote,
  type Scope,
  type Want,
} from '../../src/provisioning/plan.ts';
import { isEmpty } from '../../src/provisioning/transaction.ts';

const tunnelId = 'tunnel-1';
const scope: Scope = { tunnelId, dns: 'perHost', owned: new Set() };
const catchAll = { service: 'http_status:404' };
const students = [1, 2, 3, 4];

function want(number: number, present = true, port = 3000 + number): Want {
  return {
    hostname: `student${number}.example.com`,
    user: `student${number}`,
    port,
    machine: 'server1',
    service: `http://localhost:${port}`,
    present,
  };
}
function recordOf(one: Want, changes: Partial<DnsRecord> = {}): DnsRecord {
  return {
    id: `id-${one.hostname}`,
    type: 'CNAME',
    name: one.hostname,
    content: recordTarget(tunnelId),
    proxied: true,
    comment: formatMarker(one),
    ...changes,
  };
}
const ruleOf = ({ hostname, service }: Want) => ({ hostname, service });

/** Cloudflare, as far as a plan is concerned. */
function apply(remote: Remote, plan: Plan): Remote {
  const gone = new Set(plan.remove.map((record) => record.id));
  return {
    version: plan.config ? remote.version + 1 : remote.version,
    config: plan.config ?? remote.config,
    records: [
      ...remote.records.filter((record) => !gone.has(record.id)),
      ...plan.create.map((record, index) => ({ ...record, id: `new-${index}` })),
    ],
  };
}

describe('plan', () => {
  it('is empty when Cloudflare shows the desired state', () => {
    const remote: Remote = {
      version: 3,
      config: { ingress: [ruleOf(want(1)), catchAll] },
      records: [recordOf(want(1))],
    };
    const plan = makePlan(remote, [want(1), want(2, false)], scope);
    assert.ok(isEmpty(plan));
    assert.deepEqual([plan.touched.size, plan.refused.size, plan.foreign.size], [0, 0, 0]);
  });

  it('publishes with one rule and one proxied record, and removes both', () => {
    const empty: Remote = { version: 0, config: null, records: [] };
    const plan = makePlan(empty, [want(1)], scope);
    assert.deepEqual(plan.config, { ingress: [ruleOf(want(1)), catchAll] });
    assert.deepEqual(plan.create, [
      {
        type: 'CNAME',
        name: 'student1.example.com',
        content: recordTarget(tunnelId),
        proxied: true,
        ttl: 1,
        comment: formatMarker(want(1)),
      },
    ]);
    const down = makePlan(apply(empty, plan), [want(1, false)], scope);
    assert.deepEqual(
      [down.config, down.remove.map((record) => record.name)],
      [{ ingress: [catchAll] }, ['student1.example.com']],
    );
  });

  it('completes and removes a site of which only the rule or the record exists', () => {
    for (const half of [
      { config: { ingress: [ruleOf(want(1)), catchAll] }, records: [] },
      { config: { ingress: [catchAll] }, records: [recordOf(want(1))] },
    ]) {
      const remote: Remote = { version: 1, ...half };
      const whole = apply(remote, makePlan(remote, [want(1)], scope));
      assert.ok(isAchieved(want(1), whole, scope));
      const gone = apply(remote, makePlan(remote, [want(1, false)], scope));
      assert.deepEqual([gone.config, gone.records], [{ ingress: [catchAll] }, []]);
    }
  });

  it('is empty for a site with a foreign rule for a path beside it', () => {
    const path = { hostname: 'student1.example.com', path: '/api', service: want(1).service };
    const remote: Remote = { version: 1, config: { ingress: [path, catchAll] }, records: [] };
    const wildcard: Scope = { ...scope, dns: 'wildcard', owned: new Set(['student1.example.com']) };
    const plan = makePlan(remote, [want(1)], wildcard);
    assert.deepEqual(
      [[...plan.touched], plan.config?.ingress],
      [['student1.example.com'], [path, ruleOf(want(1)), catchAll]],
    );
    const nothing = makePlan(remote, [want(1, false)], wildcard);
    assert.deepEqual([isEmpty(nothing), [...nothing.touched]], [true, []]);
  });

  it('reports a foreign rule for the same port, and leaves it', () => {
    const remote: Remote = {
      version: 1,
      config: { ingress: [{ hostname: 'teacher.example.com', service: 'http://127.0.0.1:3001' }, catchAll] },
      records: [],
    };
    for (const present of [true, false]) {
      const plan = makePlan(remote, [want(1, present), want(2, true)], scope);
      assert.deepEqual([...plan.foreign], [['student1.example.com', 'teacher.example.com']]);
      assert.deepEqual([...plan.touched], ['student2.example.com']);
    }
  });

  it('refuses a hostname that a foreign rule serves, for that student only', () => {
    const remote: Remote = {
      version: 1,
      config: { ingress: [{ hostname: 'student1.example.com', service: 'https://10.0.0.1' }, catchAll] },
      records: [],
    };
    const plan = makePlan(remote, [want(1), want(2)], scope);
    assert.match(plan.refused.get('student1.example.com')?.message ?? '', /https:\/\/10\.0\.0\.1/);
    assert.deepEqual([...plan.touched], ['student2.example.com']);
  });

  it('refuses a hostname that another machine holds, names the machine and keeps its record', () => {
    const remote: Remote = { version: 1, config: null, records: [recordOf({ ...want(1), machine: 'server2' })] };
    assert.match(
      makePlan(remote, [want(1)], scope).refused.get('student1.example.com')?.message ?? '',
      /student1 holds it on the machine server2/,
    );
    assert.ok(isEmpty(makePlan(remote, [want(1, false)], scope)));
  });

  it('removes a record only if its marker, type, name and target all match', () => {
    for (const changes of [
      { comment: null },
      { comment: 'somebody' },
      { comment: formatMarker(want(2)) },
      { type: 'A' },
      { content: recordTarget('other') },
    ]) {
      const remote: Remote = { version: 1, config: { ingress: [catchAll] }, records: [recordOf(want(1), changes)] };
      assert.ok(isEmpty(makePlan(remote, [want(1, false)], scope)), JSON.stringify(changes));
    }
  });

  it('is made beside any foreign rule that cloudflared accepts', () => {
    const rules = [
      { hostname: '*foo.example.com', service: 'http://localhost:80' },
      { hostname: 'www.example.com', service: 'http://localhost:80?a=1' },
    ];
    const remote: Remote = { version: 1, config: { ingress: [...rules, catchAll] }, records: [] };
    assert.equal(makePlan(remote, [want(1)], scope).create.length, 1);
  });

  it('fails and names the rule when cloudflared would refuse the configuration', () => {
    const remote: Remote = {
      version: 1,
      config: { ingress: [{ hostname: 'www.example.com', service: 'http://localhost:80/x' }, catchAll] },
      records: [],
    };
    assert.throws(() => makePlan(remote, [want(1)], scope), { code: 'tunnel-invalid', message: /www\.example\.com/ });
  });

  it('reaches the desired state, touches nothing foreign, and is empty the second time', () => {
    const kinds = [
      'nothing',
      'whole',
      'rule',
      'record',
      'other port',
      'other machine',
      'unmarked',
      'foreign rule',
    ] as const;
    const situation = fc.tuple(...students.map(() => fc.constantFrom(...kinds)));
    const wants = fc
      .uniqueArray(fc.constantFrom(...students), { minLength: 1 })
      .chain((numbers) => fc.tuple(...numbers.map((number) => fc.boolean().map((present) => want(number, present)))));
    fc.assert(
      fc.property(situation, wants, fc.boolean(), (situations, wanted, known) => {
        const remote = remoteOf(situations);
        const owned = new Set(
          known
            ? students
                .filter((_, index) => ['whole', 'rule', 'other port'].includes(situations[index] ?? ''))
                .map((number) => want(number).hostname)
            : [],
        );
        const about: Scope = { ...scope, owned };
        const plan = makePlan(remote, wanted, about);
        const after = apply(remote, plan);
        for (const one of wanted) {
          const isForeign =
            !one.present &&
            situations[students.findIndex((number) => want(number).hostname === one.hostname)] === 'foreign rule';
          if (isForeign) assert.ok(!plan.touched.has(one.hostname), 'a foreign rule is left');
          else if (!plan.refused.has(one.hostname) && !plan.foreign.has(one.hostname))
            assert.ok(isAchieved(one, after, about), one.hostname);
          else assert.ok(!plan.touched.has(one.hostname));
        }
        assert.deepEqual(changedNames(remote, after), [...plan.touched].sort());
        assert.ok(isEmpty(makePlan(after, wanted, about)));
        assert.ok(
          plan.remove.every(
            (record) =>
              record.comment?.includes('machine=server1') &&
              wanted.some((one) => !one.present && one.hostname === record.name),
          ),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('is made quickly for 1,000 rules and 1,000 records', () => {
    const many = Array.from({ length: 1000 }, (_, index) => want(index, true, 10_000 + index));
    const remote: Remote = {
      version: 1,
      config: { ingress: [...many.map(ruleOf), catchAll] },
      records: many.map((one) => recordOf(one)),
    };
    const started = performance.now();
    const plan = makePlan(remote, [...many, want(2000)], { ...scope, owned: new Set(many.map((one) => one.hostname)) });
    assert.deepEqual([plan.create.length, plan.config?.ingress?.length], [1, 1002]);
    assert.ok(performance.now() - started < 500, 'the plan takes too long'); // the benchmark measures it
  });
});

function remoteOf(situations: readonly string[]): Remote {
  const ingress: { hostname: string; service: string }[] = [];
  const records: DnsRecord[] = [];
  for (const [index, kind] of situations.entries()) {
    const one = want(students[index] ?? 0);
    if (kind === 'whole' || kind === 'rule') ingress.push(ruleOf(one));
    if (kind === 'other port') ingress.push(ruleOf(want(students[index] ?? 0, true, 4000 + index)));
    if (kind === 'foreign rule') ingress.push({ hostname: one.hostname, service: 'http://10.0.0.1:80' });
    if (kind === 'whole' || kind === 'record' || kind === 'other port') records.push(recordOf(one));
    if (kind === 'other machine') records.push(recordOf({ ...one, machine: 'server2' }));
    if (kind === 'unmarked') records.push(recordOf(one, { comment: null }));
  }
  return { version: 1, config: { ingress: [...ingress, catchAll] }, records };
}

function changedNames(before: Remote, after: Remote): string[] {
  const picture = (remote: Remote, name: string) =>
    JSON.stringify([
      remote.config?.ingress?.filter((rule) => rule.hostname === name),
      remote.records.filter((record) => record.name === name).length,
    ]);
  const names = new Set([...before.records, ...after.records].map((record) => record.name));
  for (const rule of [...(before.config?.ingress ?? []), ...(after.config?.ingress ?? [])])
    if (rule.hostname) names.add(rule.hostname);
  return [...names].filter((name) => picture(before, name) !== picture(after, name)).sort();
}
