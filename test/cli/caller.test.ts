import assert from 'node:assert/strict';
import { identifyCaller, userName } from '../../src/cli/caller.ts';
import { makeReport } from '../../src/cli/report.ts';
import { MendableError } from '../../src/provisioning/errors.ts';

const nameOf = (uid: number) => `user${uid}`;
const service = 900;
const who = (
  uid: number,
  env: Record<string, string> = {},
  serviceUid: number | undefined = service,
  allowUserOverride = false,
) => identifyCaller({ uid, env, nameOf }, { allowUserOverride }, serviceUid);

describe('caller', () => {
  for (const [what, actual, expected] of [
    ["is the process's own user", who(1001), { uid: 1001, user: 'user1001', isGuest: false }],
    [
      'is SUDO_UID in the service account, and a guest there',
      who(service, { SUDO_UID: '1001' }),
      { uid: 1001, user: 'user1001', isGuest: true },
    ],
    [
      'is SUDO_UID in root: whoever may become root is no guest',
      who(0, { SUDO_UID: '1001' }),
      { uid: 1001, user: 'user1001', isGuest: false },
    ],
    [
      'is root who calls as the service account',
      who(service, { SUDO_UID: '0' }),
      { uid: 0, user: 'user0', isGuest: false },
    ],
    [
      'stays who they are with a SUDO_UID of their own making, and is trusted no more for it',
      who(1001, { SUDO_UID: '1002' }),
      { uid: 1001, user: 'user1001', isGuest: true },
    ],
    ['is the service account itself without sudo', who(service), { uid: service, user: 'user900', isGuest: false }],
    [
      'is not taken from a SUDO_UID that is no number',
      who(service, { SUDO_UID: 'root' }),
      { uid: service, user: 'user900', isGuest: false },
    ],
    [
      'may be named by the environment where the configuration says so',
      who(1001, { CLASSROOM_TUNNEL_USER: 'student7' }, service, true),
      { uid: 1001, user: 'student7', isGuest: false },
    ],
    [
      'may not be named by the environment otherwise',
      who(1001, { CLASSROOM_TUNNEL_USER: 'student7' }),
      { uid: 1001, user: 'user1001', isGuest: false },
    ],
    [
      'may not be named by the environment under sudo',
      who(service, { SUDO_UID: '1001', CLASSROOM_TUNNEL_USER: 'student7' }, service, true),
      { uid: 1001, user: 'user1001', isGuest: true },
    ],
  ] as const) {
    it(what, () => {
      assert.deepEqual(actual, expected);
    });
  }

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
  const error = new MendableError('rate-limited', { seconds: 7, until: '10:00:00' });

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
