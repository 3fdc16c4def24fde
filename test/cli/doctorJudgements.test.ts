import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { judgeRules, judgeTunnel, judgeZone } from '../../src/cli/doctor/cloudflare.ts';
import { judgeQuota, judgeWildcard } from '../../src/cli/doctor/records.ts';
import { judgeConnector, judgeLoaded } from '../../src/cli/doctor/connector.ts';
import { judgeBotFightMode, judgeCertificates } from '../../src/cli/doctor/edge.ts';
import { formatFindings, type Check } from '../../src/cli/doctor/findings.ts';
import { judgeToken } from '../../src/cli/doctor/machine.ts';
import { judgeUnit } from '../../src/cli/doctor/unit.ts';
import { judgeStateFolder } from '../../src/cli/doctor/state.ts';
import type { ConnectorAnswers } from '../../src/provisioning/connector.ts';
import { ownerToBecome } from '../../src/cli/dropPrivileges.ts';

describe('doctor: judgements', () => {
  const folder = { uid: 10, gid: 20, mode: 0o40700 };

  it('the connector is ours, connected, over quic, and has the configuration', () => {
    const place = { connectorUrl: 'http://127.0.0.1:20241', tunnelId: 't1' };
    const good: ConnectorAnswers = {
      version: 7,
      hostnames: new Set(),
      connections: 2,
      tunnel: { id: 't1', protocols: ['quic', 'quic'] },
    };
    const judge = (changes: Partial<ConnectorAnswers>) => judgeConnector(place, { ...good, ...changes });
    assert.equal(judge({}).level, 'ok');
    assert.equal(judgeConnector({ ...place, connectorUrl: null }, undefined).level, 'ok');
    assert.match(judgeConnector(place, undefined).fix ?? '', /--metrics 127\.0\.0\.1:20241/);
    assert.match(judgeConnector({ ...place, connectorUrl: undefined }, undefined).text, /20241 to 20245/);
    assert.match(judge({ tunnel: { id: 't2', protocols: [] } }).text, /another tunnel \(t2\)/);
    assert.equal(judge({ connections: 0 }).level, 'fail');
    assert.match(judge({ tunnel: { id: 't1', protocols: ['quic', 'http2'] } }).text, /^1 of 2 connections use http2/);
    assert.deepEqual(judgeLoaded(7, good, 't1'), []);
    assert.match(judgeLoaded(8, good, 't1')[0]?.text ?? '', /serves version 7 .* has version 8/);
    assert.deepEqual(judgeLoaded(8, good, 't2'), []);
  });

  it('an active certificate covers the sites: a wildcard covers one level', () => {
    const zone = ['example.com', '*.example.com'];
    const judge = (name: string, status = 'active', hosts = zone) => judgeCertificates(name, [{ hosts, status }]).level;
    assert.equal(judge('student1.example.com'), 'ok');
    assert.equal(judge('student1.class.example.com'), 'fail');
    assert.equal(judge('student1.class.example.com', 'active', ['*.class.example.com']), 'ok');
    assert.equal(judge('student1.example.com', 'pending_validation'), 'warning');
    assert.equal(judgeCertificates('student1.example.com', []).level, 'fail');
    assert.match(judgeCertificates('student1.example.com', undefined).text, /not readable.*\*\.example\.com/);
    assert.deepEqual(
      [true, false, undefined].map((isOn) => judgeBotFightMode(isOn).level),
      ['warning', 'ok', 'ok'],
    );
  });

  it("the connector's unit hides no relay and sets no proxy", () => {
    const judge = (text: string, stateDir: string) => judgeUnit('cloudflared.service', text, stateDir)[0]?.text;
    const unit = readFileSync(new URL('../../install/cloudflared-classroom.service', import.meta.url), 'utf8');
    assert.equal(judge(unit, '/var/lib/classroom-tunnel'), undefined);
    assert.match(judge(unit, '/home/class/state') ?? '', /ProtectHome/);
    assert.match(judge(unit, '/tmp/state') ?? '', /PrivateTmp/);
    assert.match(judge('Environment="HTTP_PROXY=http://10.0.0.1:3128"', '/srv/state') ?? '', /proxy/);
  });

  it("only root becomes the owner, and only of what is another's", () => {
    assert.deepEqual(ownerToBecome(0, folder), folder);
    assert.deepEqual(
      [ownerToBecome(1000, folder), ownerToBecome(0, { uid: 0, gid: 0 }), ownerToBecome(0, undefined)],
      [undefined, undefined, undefined],
    );
  });

  it('the token file fits the way in which the state is shared', () => {
    const judge = (mode: number, sharing: 'private' | 'group', uid = 10) =>
      judgeToken('/t', { uid, gid: 20, mode }, sharing, [0, 10])[0]?.level;
    assert.deepEqual(
      [
        judge(0o600, 'private'),
        judge(0o640, 'group'),
        judge(0o640, 'private'),
        judge(0o600, 'group'),
        judge(0o604, 'group'),
        judge(0o600, 'private', 11),
      ],
      ['ok', 'ok', 'warning', 'fail', 'warning', 'fail'],
    );
  });

  it('the state folder and all in it are of one mode and owner', () => {
    const judge = (mode: number, part: Partial<typeof folder> = {}) =>
      judgeStateFolder('/s', { ...folder, mode }, [{ ...folder, mode, ...part, name: '/s/queue' }])?.text;
    assert.deepEqual([judge(0o40700), judge(0o42770), judge(0o42770, { uid: 11 })], [undefined, undefined, undefined]);
    assert.match(judge(0o40770) ?? '', /does not pass its group on/);
    for (const text of [
      judge(0o40700, { uid: 11 }),
      judge(0o42770, { gid: 21 }),
      judge(0o40700, { mode: 0o40755 }),
      judge(0o42770, { mode: 0o43770 }),
    ])
      assert.match(text ?? '', /another mode or owner/);
  });

  it('a tunnel, its rules, a zone, its records', () => {
    const tunnel = { id: 't', name: 'classroom', source: 'cloudflare', status: 'degraded' } as const;
    assert.equal(judgeTunnel(tunnel).level, 'warning');
    assert.equal(judgeTunnel({ ...tunnel, status: 'down' }).level, 'fail');
    const rule = (hostname: string) => ({ hostname, service: 'http://localhost:1' });
    const last = { service: 'http_status:404' };
    assert.equal(judgeRules({ ingress: [rule('a.example.com'), rule('a.example.com'), last] }).level, 'warning');
    assert.match(judgeRules({ ingress: [rule('a.example.com:80'), last] }).text, /has no port/);
    const zone = { id: 'z', name: 'example.com', status: 'pending', accountId: 'a', accountName: 'Classroom' };
    const where = { accountId: 'a', hostname: '{user}.example.com', machine: 'm' };
    assert.deepEqual(
      [
        judgeZone(zone, where)[0]?.level,
        judgeZone({ ...zone, status: 'active' }, { ...where, accountId: 'b' })[0]?.level,
      ],
      ['warning', 'warning'],
    );
    assert.deepEqual([judgeQuota(170, 30).level, judgeQuota(171, 30).level], ['ok', 'warning']);
    const wildcard = { id: 'r', type: 'CNAME', name: '*.example.com', content: 't.cfargotunnel.com' };
    assert.deepEqual(
      [
        judgeWildcard('*.example.com', [{ ...wildcard, proxied: true }], 't').level,
        judgeWildcard('*.example.com', [{ ...wildcard, proxied: false }], 't').level,
      ],
      ['ok', 'fail'],
    );
  });

  it('sums up the findings for a person', () => {
    const finding = (level: Check['level']): Check => ({
      check: 'zone',
      level,
      text: 'text',
      ...(level === 'ok' ? {} : { fix: 'fix' }),
    });
    assert.equal(
      formatFindings([finding('ok'), finding('fail'), finding('warning')]),
      'ok       zone  text\nfail     zone  text\n               fix\nwarning  zone  text\n               fix\n\n1 problem, 1 warning.',
    );
    assert.match(formatFindings([finding('warning')]), /It works, 1 warning\.$/);
  });
});
