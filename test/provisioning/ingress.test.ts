import assert from 'node:assert/strict';
import fc from 'fast-check';
import { whyRefused } from '../../standin/connector/loading.ts';
import { findConfigFault } from '../../src/provisioning/configFault.ts';
import {
  editIngress,
  localPort,
  matches,
  ruleOf,
  type IngressRule,
  type TunnelConfig,
} from '../../src/provisioning/ingress.ts';

const catchAll: IngressRule = { service: 'http_status:404' };
const students = ['student1', 'student2', 'student3', 'student4'].map((user) => `${user}.example.com`);
const ruleFor = (hostname: string, service = 'http://localhost:3000'): IngressRule => ({ hostname, service });
const namesOf = (config: TunnelConfig) =>
  (config.ingress ?? []).map((rule) => `${rule.hostname ?? ''}${rule.path ?? ''}`);

const originRequest = fc.dictionary(fc.constantFrom('futureKey', 'other'), fc.jsonValue(), { maxKeys: 2 });
const extras = fc.oneof(
  fc.dictionary(fc.constantFrom('id', 'futureKey'), fc.jsonValue(), { maxKeys: 2 }),
  fc.record({ originRequest }),
);
const foreignRule = fc
  .tuple(
    fc.constantFrom(
      'www.example.com',
      'a.b.example.com',
      '*.example.com',
      '*.b.example.com',
      '*.other.org',
      ...students,
    ),
    fc.constantFrom('/api', '^/v1', undefined),
    fc.constantFrom('http://localhost:8080', 'https://10.0.0.1:443', 'unix:/run/x.sock', 'http_status:503'),
    extras,
  )
  .map(([hostname, path, service, more]): IngressRule => {
    const needsPath = students.includes(hostname);
    return { ...more, hostname, service, ...((path ?? needsPath) ? { path: path ?? '/api' } : {}) };
  });
const config = fc
  .tuple(
    fc.array(foreignRule, { maxLength: 8 }),
    fc.record(
      { 'warp-routing': fc.constant({ enabled: true }), originRequest, other: fc.jsonValue() },
      { requiredKeys: [] },
    ),
  )
  .map(([rules, keys]): TunnelConfig => ({ ...keys, ingress: [...rules, catchAll] }));
const edit = fc.uniqueArray(fc.constantFrom(...students)).map((names) => names.map((name) => ruleFor(name)));

describe('ingress: edits', () => {
  it('keep foreign rules and the catch-all in place, make every rule reachable, and are undone by their inverse', () => {
    fc.assert(
      fc.property(config, edit, (before, set) => {
        const after = editIngress(before, { set, remove: new Set() });
        const rules = after.ingress ?? [];
        const own = new Set(set.map((rule) => rule.hostname));
        const foreign = rules.filter((rule) => rule.path !== undefined || !own.has(rule.hostname));
        assert.equal(JSON.stringify({ ...after, ingress: foreign }), JSON.stringify(before));
        assert.equal(findConfigFault(after), undefined);
        assert.equal(whyRefused(after), undefined);
        for (const { hostname = '' } of set) {
          assert.equal(rules.find((rule) => !rule.path && matches(rule, hostname))?.hostname, hostname);
          assert.equal(rules.filter((rule) => rule.hostname === hostname && !rule.path).length, 1);
        }
        assert.equal(editIngress(after, { set, remove: new Set() }), after, 'a second time there is nothing to change');
        const undone = editIngress(after, { set: [], remove: new Set(set.map((rule) => rule.hostname ?? '')) });
        assert.equal(JSON.stringify(undone), JSON.stringify(before));
      }),
    );
  });

  it('return the same object when nothing changes', () => {
    fc.assert(
      fc.property(config, (before) => {
        assert.equal(editIngress(before, { set: [], remove: new Set(['student9.example.com']) }), before);
      }),
    );
  });

  it('put an exact rule before the wildcard that would match it, and after more specific rules', () => {
    const rules = [ruleFor('student1.example.com/')]
      .slice(1)
      .concat(
        { hostname: 'student1.example.com', path: '/api', service: 'http://10.0.0.1:80' },
        { hostname: '*.example.com', path: '/health', service: 'http_status:204' },
        { hostname: '*.example.com', service: 'http://10.0.0.2:80' },
        catchAll,
      );
    const after = editIngress({ ingress: rules }, { set: [ruleFor('student1.example.com')], remove: new Set() });
    assert.deepEqual(namesOf(after), [
      'student1.example.com/api',
      '*.example.com/health',
      'student1.example.com',
      '*.example.com',
      '',
    ]);
  });

  it('change only the service of an existing rule', () => {
    const rule = {
      hostname: 'student1.example.com',
      service: 'http://localhost:3000',
      originRequest: { noTLSVerify: true },
      id: 7,
    };
    const after = editIngress(
      { ingress: [rule, catchAll] },
      { set: [ruleFor('student1.example.com', 'http://localhost:3001')], remove: new Set() },
    );
    assert.deepEqual(after.ingress, [{ ...rule, service: 'http://localhost:3001' }, catchAll]);
  });

  for (const empty of [null, {}, { ingress: null }, { ingress: [] }] as const) {
    it(`add a catch-all to ${JSON.stringify(empty)}`, () => {
      assert.deepEqual(editIngress(empty, { set: [ruleFor('student1.example.com')], remove: new Set() }), {
        ingress: [ruleFor('student1.example.com'), catchAll],
      });
    });
  }

  it('leave any kind of catch-all in place', () => {
    for (const last of [
      { service: 'http://localhost:80' },
      { hostname: '*', service: 'hello_world' },
      { hostname: '', service: 'http_status:503', path: '' },
    ]) {
      assert.deepEqual(
        editIngress({ ingress: [last] }, { set: [ruleFor('student1.example.com')], remove: new Set() }).ingress?.at(-1),
        last,
      );
    }
  });
});

describe('ingress: the rule of a hostname', () => {
  it('is found as cloudflared matches it', () => {
    assert.ok(
      matches(ruleFor('*.example.com'), 'a.b.example.com') &&
        !matches(ruleFor('*.example.com'), 'example.com') &&
        !matches(ruleFor('*.example.com'), 'aexample.com'),
    );
    assert.ok(matches(catchAll, 'anything') && matches(ruleFor('*'), 'x') && !matches(ruleFor('A.com'), 'a.com'));
  });

  it('is not a rule with a path', () => {
    assert.equal(ruleOf({ ingress: [{ ...ruleFor('a.b'), path: '/x' }] }, 'a.b'), undefined);
  });

  it('may send visitors to a port of this machine', () => {
    assert.deepEqual(
      [
        'http://localhost:3000',
        'https://127.0.0.1:3001',
        'http://[::1]:3002',
        'http://10.0.0.1:3000',
        'http://localhost',
        'unix:/x',
        'http_status:404',
      ].map(localPort),
      [3000, 3001, 3002, undefined, undefined, undefined, undefined],
    );
  });
});
