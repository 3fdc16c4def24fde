import assert from 'node:assert/strict';
import fc from 'fast-check';
import { whyRefused } from '../../standin/connector/loading.ts';
import { findConfigFault, findOriginRequestFault } from '../../src/provisioning/configFault.ts';
import type { IngressRule, TunnelConfig } from '../../src/provisioning/ingress.ts';
import { foreignConfig } from '../fixtures/provisioning/remote.ts';

const catchAll: IngressRule = { service: 'http_status:404' };
const ruleFor = (hostname: string, service = 'http://localhost:3000'): IngressRule => ({ hostname, service });

const services = [
  'http_status:404',
  'unix:/run/x.sock',
  'unix+tls:/run/x.sock',
  'hello_world',
  'hello-world',
  'bastion',
  'socks-proxy',
  'tcp://[::1]:22',
  'ssh://host:22',
  'https://a.b',
  'http://localhost:80?a=1',
  'http://localhost:80#top',
  'http://user:word@localhost:80',
];
const badServices: Record<string, string> = {
  'without a scheme': 'localhost:80',
  'with a path': 'http://localhost:80/x',
  'with a slash at the end': 'http://localhost:80/',
  'without a host': 'http://',
  'with a port that is no number': 'http://localhost:x',
  'with a status below 100': 'http_status:099',
  'with a status that is no number': 'http_status:ok',
  'with a space in the host': 'http://local host',
};
const hostnames = ['', '*', 'a.b', 'A.b', '*.a.b', '*foo.example.com', 'a/b', 'x://a', 'a:1', 'a.*', '*.*', '[::1]:80'];
const paths = ['', '/api', '^/(?i)x$', '(?P<name>a)', '\\.js$', '(', '(?!a)', '(?<=a)', '(a)\\1', '[', 'a**'];

describe('the check of a configuration by the rules of cloudflared', () => {
  it('finds no fault in a configuration with foreign rules of every kind', () => {
    assert.equal(findConfigFault(foreignConfig), undefined);
    for (const service of services)
      assert.equal(findConfigFault({ ingress: [ruleFor('x.example.com', service), catchAll] }), undefined, service);
    for (const hostname of ['*foo.example.com', 'a.example.com/x', '*.a.b'])
      assert.equal(findConfigFault({ ingress: [ruleFor(hostname), catchAll] }), undefined, hostname);
    const bastion = { ...ruleFor('a.example.com', 'anything'), originRequest: { bastionMode: true } };
    assert.equal(findConfigFault({ ingress: [bastion, catchAll] }), undefined);
  });

  const faults: Record<string, readonly IngressRule[]> = {
    'no rule': [],
    'no catch-all': [ruleFor('a.example.com')],
    'a catch-all that is not last': [catchAll, catchAll],
    'a catch-all with a path': [{ path: '/x', service: 'http_status:404' }],
    'a hostname with a port': [ruleFor('a.example.com:80'), catchAll],
    'a hostname with a scheme': [ruleFor('http://a.example.com'), catchAll],
    'a wildcard in the middle': [ruleFor('a.*.com'), catchAll],
    'two wildcards': [ruleFor('*.*.com'), catchAll],
  };
  for (const [what, ingress] of Object.entries(faults))
    it(`finds a fault in ${what}`, () => assert.notEqual(findConfigFault({ ingress }), undefined));
  for (const [what, service] of Object.entries(badServices)) {
    it(`finds a fault in a service ${what}`, () => {
      const fault = findConfigFault({ ingress: [ruleFor('a.example.com', service), catchAll] });
      assert.match(fault ?? 'no fault', /^rule 1 \(a\.example\.com\): /);
    });
  }

  const values: Record<string, [originRequest: unknown, fault: RegExp]> = {
    'a duration with a unit': [{ connectTimeout: '30s' }, /originRequest\.connectTimeout must be .*"30s"/],
    'a duration with a fraction': [{ tlsTimeout: 1.5 }, /originRequest\.tlsTimeout/],
    'a boolean as text': [{ noTLSVerify: 'true' }, /originRequest\.noTLSVerify must be true or false/],
    'a key in another case': [{ NoTlsVerify: 'true' }, /originRequest\.NoTlsVerify/],
    'a negative port': [{ proxyPort: -1 }, /originRequest\.proxyPort/],
    'access tags that are no list': [{ access: { audTag: 'x' } }, /originRequest\.access\.audTag must be a list/],
    'access without a team': [{ access: { required: true, audTag: ['x'] } }, /originRequest\.access\.teamName/],
    'a port of an address rule as text': [{ ipRules: [{ ports: ['80'] }] }, /originRequest\.ipRules\[0\]\.ports\[0\]/],
    'a list in place of the object': [[], /originRequest must be an object/],
  };
  for (const [what, [originRequest, fault]] of Object.entries(values)) {
    it(`names the rule and the key of ${what}`, () => {
      const found = findConfigFault({ ingress: [{ ...ruleFor('a.example.com'), originRequest }, catchAll] });
      assert.match(found ?? 'no fault', /^rule 1 \(a\.example\.com\): /);
      assert.match(found ?? '', fault);
      assert.match(findOriginRequestFault(originRequest) ?? 'no fault', fault);
    });
  }

  it('names the key of a wrong value that holds for all rules', () => {
    const fault = (more: object) => findConfigFault({ ingress: [catchAll], ...more });
    assert.match(fault({ originRequest: { tlsTimeout: '10s' } }) ?? '', /^originRequest\.tlsTimeout must be/);
    assert.match(fault({ 'warp-routing': { connectTimeout: '5s' } }) ?? '', /^warp-routing\.connectTimeout must be/);
  });

  it('agrees with the stand-in on every configuration', () => {
    const value = fc.constantFrom(
      null,
      true,
      'true',
      30,
      1.5,
      -1,
      '30s',
      '',
      [],
      ['x'],
      [{ ports: [80] }],
      {},
      { required: true, teamName: 'school', audTag: ['x'] },
      { required: true, audTag: ['x'] },
      { required: 'yes' },
    );
    const keys = [
      ...['connectTimeout', 'tlsTimeout', 'tcpKeepAlive', 'keepAliveTimeout', 'noHappyEyeballs', 'noTLSVerify'],
      ...['matchSNItoHost', 'disableChunkedEncoding', 'bastionMode', 'http2Origin', 'keepAliveConnections'],
      ...['proxyPort', 'httpHostHeader', 'originServerName', 'proxyAddress', 'proxyType', 'access', 'ipRules'],
      ...['notlsverify', 'unknown'],
    ];
    const originRequest = fc.oneof(
      fc.constantFrom(null, [], 'x'),
      fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 2 }),
    );
    const rule = fc.record(
      {
        hostname: fc.oneof(fc.constantFrom(...hostnames), fc.string({ maxLength: 6 })),
        path: fc.constantFrom(...paths),
        service: fc.oneof(fc.constantFrom(...services, ...Object.values(badServices)), fc.string({ maxLength: 12 })),
        originRequest,
      },
      { requiredKeys: ['service'] },
    );
    const shared = fc.record(
      {
        originRequest,
        'warp-routing': fc.dictionary(fc.constantFrom('enabled', 'connectTimeout', 'maxActiveFlows'), value),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), fc.boolean(), shared, (rules, closed, keysForAll) => {
        const config = { ...keysForAll, ingress: [...rules, ...(closed ? [catchAll] : [])] } as TunnelConfig;
        assert.equal(findConfigFault(config) === undefined, whyRefused(config) === undefined, whyRefused(config));
      }),
      { numRuns: 5_000 },
    );
  });
});
