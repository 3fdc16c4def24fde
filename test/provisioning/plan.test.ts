import assert from 'node:assert/strict';
import { formatMarker } from '../../src/provisioning/marker.ts';
import { isAchieved, makePlan, recordTarget, type Remote, type Scope } from '../../src/provisioning/plan.ts';
import { isEmpty } from '../../src/provisioning/transaction.ts';
import { apply, catchAll, recordOf, ruleOf, scope, tunnelId, want } from './planRemote.ts';

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

  it('adds one site beside 1,000 rules and 1,000 records', () => {
    const many = Array.from({ length: 1000 }, (_, index) => want(index, true, 10_000 + index));
    const remote: Remote = {
      version: 1,
      config: { ingress: [...many.map(ruleOf), catchAll] },
      records: many.map((one) => recordOf(one)),
    };
    const plan = makePlan(remote, [...many, want(2000)], { ...scope, owned: new Set(many.map((one) => one.hostname)) });
    assert.deepEqual([plan.create.length, plan.config?.ingress?.length], [1, 1002]);
  });
});
