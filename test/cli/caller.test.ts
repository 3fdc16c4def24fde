import assert from 'node:assert/strict';
import { identifyCaller, isThroughSudo, processOwner, userName } from '../../src/cli/caller.ts';
import { makeReport } from '../../src/cli/report.ts';
import { FixableError } from '../../src/provisioning/errors.ts';

const nameOf = (uid: number) => `user${uid}`;
const who = (uid: number, env: Record<string, string>, peer: number | undefined, allowUserOverride: boolean) =>
  identifyCaller({ uid, env, peer, nameOf }, { allowUserOverride });
const named = { CLASSROOM_TUNNEL_USER: 'student7' };

describe('caller', () => {
  for (const [what, actual, expected] of [
    ["is the process's own user", who(1001, {}, undefined, false), { uid: 1001, user: 'user1001', isGuest: false }],
    ['is the peer in the service', who(900, {}, 1001, false), { uid: 1001, user: 'user1001', isGuest: true }],
    [
      'may be named by the environment where the configuration says so',
      who(1001, named, undefined, true),
      { uid: 1001, user: 'student7', isGuest: false },
    ],
    [
      'may not be named by the environment otherwise',
      who(1001, named, undefined, false),
      { uid: 1001, user: 'user1001', isGuest: false },
    ],
    [
      'may not be named by the environment in the service',
      who(900, named, 1001, true),
      { uid: 1001, user: 'user1001', isGuest: true },
    ],
  ] as const) {
    it(what, () => {
      assert.deepEqual(actual, expected);
    });
  }

  for (const [what, uid, origin, started, expected] of [
    ['this program, started by a student through sudo', 900, '1001', '/usr/local/bin/classroom-tunnel info', true],
    ['this program, started by root through sudo', 900, '0', '/usr/local/bin/classroom-tunnel info', false],
    ['this program, started as root', 0, '1001', '/usr/local/bin/classroom-tunnel list', false],
    ['this program in a shell that sudo started', 900, '1001', '/bin/bash', false],
    ['this program under a window that sudo started', 1001, '1000', '/usr/bin/code-server', false],
    ['this program without sudo', 1001, '', '', false],
  ] as const) {
    it(`${expected ? 'rejects' : 'accepts'} ${what}`, () => {
      const env = { SUDO_UID: origin, SUDO_COMMAND: started };
      assert.equal(isThroughSudo(uid, env, '/usr/local/bin/classroom-tunnel'), expected);
    });
  }

  it('finds the owner of a process', () => {
    assert.deepEqual([processOwner(process.pid), processOwner(4_194_304)], [process.getuid?.(), undefined]);
  });

  it('an account has its name, an unknown one its number', () => {
    assert.deepEqual([userName(0), userName(3_999_999)], ['root', 'uid3999999']);
  });
});

describe('report', () => {
  const streams = () => {
    const out: string[] = [];
    const err: string[] = [];
    return {
      out,
      err,
      to: {
        out: (line: string) => {
          out.push(line);
        },
        hide: () => undefined,
        err: (line: string) => {
          err.push(line);
        },
      },
    };
  };
  const error = new FixableError('rate-limited', { seconds: 7, until: '10:00:00' });

  it('speaks to people: answers to stdout, everything else to stderr', () => {
    const { out, err, to } = streams();
    const report = makeReport(to, 'text');
    report.progress({ event: 'locked' });
    report.progress({ event: 'queued' }, 'wait');
    report.warn('careful');
    report.answer('student1.example.com', { event: 'published' });
    assert.equal(report.fail(error), 75);
    assert.deepEqual(
      [out, err.slice(0, 2)],
      [['student1.example.com'], ['classroom-tunnel: wait', 'classroom-tunnel: warning: careful']],
    );
    assert.match(err[2] ?? '', /10:00:00 \(7 s from now\).*\nTry again/);
  });

  it('speaks to programs: one object a line to stdout, warnings to stderr', () => {
    const { out, err, to } = streams();
    const report = makeReport(to, 'json');
    report.progress({ event: 'locked' });
    report.warn('careful');
    report.answer('x', { event: 'published' });
    report.fail(error);
    const [locked, published, failed] = out.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      [locked, published, err],
      [{ event: 'locked' }, { event: 'published' }, ['classroom-tunnel: warning: careful']],
    );
    assert.deepEqual(
      [failed?.['event'], failed?.['code'], failed?.['exitCode'], failed?.['retryAfterSeconds']],
      ['error', 'rate-limited', 75, 7],
    );
  });
});
