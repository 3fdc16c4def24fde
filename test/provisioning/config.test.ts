import assert from 'node:assert/strict';
import {
  assignedPort,
  checkPort,
  hostnameOf,
  parseConfig,
  publicUrl,
  type Config,
} from '../../src/provisioning/config.ts';
import { FixableError } from '../../src/provisioning/errors.ts';

const file = '/srv/class/config.json';
const least = { accountId: 'a1', tunnelId: 't1', zoneId: 'z1', hostname: '{user}.example.com' };
const read = (changes: Readonly<Record<string, unknown>> = {}): Config =>
  parseConfig(file, JSON.stringify({ ...least, ...changes }), 'server1');

function refusal(work: () => unknown): FixableError {
  try {
    work();
  } catch (error) {
    if (error instanceof FixableError) return error;
    throw error;
  }
  return assert.fail('it was accepted');
}

describe('configuration', () => {
  it('has a default for every key but four', () => {
    assert.deepEqual(read(), {
      ...least,
      file,
      machine: 'server1',
      publicUrl: 'https://{hostname}',
      stateDir: '/var/lib/classroom-tunnel',
      commandSocket: '/run/classroom-tunnel/command.sock',
      commands: ['npm run dev', 'npm start'],
      portVariable: 'PORT',
      maxSitesPerUser: 3,
      openingHours: [],
      visibility: 'public',
      allowForVisitors: [],
      labels: {},
      names: {},
      studentGroup: 'students',
      lockTimeoutSeconds: 10,
      keepRecordMinutes: 60,
      apiBaseUrl: 'https://api.cloudflare.com/client/v4',
      dns: 'perHost',
      allowUserOverride: false,
      teachers: [],
      tokenFile: undefined,
      originRequest: undefined,
    });
  });

  it("resolves paths from the file, and removes a slash at the end of the API's address", () => {
    const { tokenFile, stateDir, apiBaseUrl } = read({
      tokenFile: 'secret/token',
      stateDir: '../state',
      apiBaseUrl: 'http://127.0.0.1:1/client/v4//',
    });
    assert.deepEqual(
      [tokenFile, stateDir, apiBaseUrl],
      ['/srv/class/secret/token', '/srv/state', 'http://127.0.0.1:1/client/v4'],
    );
  });

  for (const [what, changes, key] of [
    ['an unknown key', { tokenfile: 'x' }, '`tokenfile` is not a key'],
    ['a missing key', { zoneId: undefined }, '`zoneId` is missing'],
    ['an id that is none', { accountId: 'a b' }, '`accountId`'],
    ['an empty hostname', { hostname: '' }, '`hostname`'],
    ['a number for a text', { hostname: 7 }, '`hostname` has the wrong type: it must be a string'],
    ['null', { tunnelId: null }, '`tunnelId`'],
    ['no command', { commands: [] }, '`commands`'],
    ['an empty command', { commands: [''] }, '`commands.0`'],
    ['a variable with a blank', { portVariable: 'A B' }, '`portVariable`'],
    ['a port out of range', { ports: { student1: 70000 } }, '`ports.student1` must be at most 65535'],
    ['a port 0', { ports: { student1: 0 } }, '`ports.student1` must be at least 1'],
    ['half a port', { ports: { a: 1.5 } }, '`ports.a`'],
    ['a range of one', { portRange: [3000] }, '`portRange'],
    ['a range backwards', { portRange: [4000, 3000] }, '`portRange` ends before it begins'],
    ['no time to wait', { lockTimeoutSeconds: 0 }, '`lockTimeoutSeconds` must be more than 0'],
    ['an address that is none', { apiBaseUrl: 'cloudflare' }, '`apiBaseUrl` is not a URL'],
    ['an unknown way', { dns: 'all' }, '`dns` must be one of "perHost", "wildcard"'],
    ['originRequest as text', { originRequest: 'x' }, '`originRequest`'],
    ['a duration with a unit', { originRequest: { connectTimeout: '30s' } }, 'originRequest.connectTimeout'],
    [
      'an address without the hostname',
      { publicUrl: 'https://example.com' },
      '`publicUrl` does not contain {hostname}',
    ],
    ['a part of the shield that there is not', { allowForVisitors: ['all'] }, '`allowForVisitors.0` must be one of'],
    ['an opening hour of no form', { openingHours: ['Mo 8-17'] }, '`openingHours.0` has "Mo 8-17"'],
    ['extra ports backwards', { extraPorts: [5099, 5000] }, '`extraPorts`'],
    ['one extra port', { extraPorts: 5000 }, '`extraPorts` must be true, or a first and a last port'],
    ['a truth as text', { allowUserOverride: 'yes' }, '`allowUserOverride`'],
  ] as const) {
    it(`refuses a file with ${what}, and names the file, the key and the fix`, () => {
      const error = refusal(() => read(changes));
      assert.deepEqual([error.code, error.exitCode], ['config-invalid', 78]);
      assert.ok(error.message.startsWith(`${file}: `) && error.message.includes(key), error.message);
      assert.ok(error.action.length > 10 && !error.action.includes('{fix}'), error.action);
    });
  }

  it("allows a student's own port or one in the range, and names it when another is refused", () => {
    const assigned = read({ ports: { student1: 3001, student2: 3002 } });
    assert.deepEqual(
      [assignedPort(assigned, 'student1'), assignedPort(assigned, 'toString'), assignedPort(read(), 'student1')],
      [3001, undefined, undefined],
    );
    checkPort(assigned, 'student1', 3001);
    for (const [user, port, says] of [
      ['student1', 3002, /belongs to student2/],
      ['student1', 3003, /no user has this port/],
      ['student3', 3001, /belongs to student1/],
      ['student3', 9, /gives this user none/],
    ] as const) {
      const error = refusal(() => {
        checkPort(assigned, user, port);
      });
      assert.match(error.message, says);
      assert.match(error.action, user === 'student1' ? /PORT=3001/ : /Ask your teacher to add student3/);
    }
    const range = read({ portRange: [3000, 3010] });
    checkPort(range, 'student1', 3000);
    checkPort(range, 'student1', 3010);
    for (const port of [2999, 3011])
      assert.match(
        refusal(() => {
          checkPort(range, 'student1', port);
        }).message,
        /3000 to 3010/,
      );
  });

  it('allows a second site where the teacher does, at a hostname of its own', () => {
    const ports = { student1: 3001, student2: 3002, 'student1-5005': 3003 };
    const config = read({ ports, extraPorts: [5000, 5099] });
    const names = [3001, 5000].map((port) => hostnameOf(config, 'student1', port));
    assert.deepEqual(names, ['student1.example.com', 'student1-5000.example.com']);
    checkPort(config, 'student1', 5000);
    checkPort(read({ ports, extraPorts: true }), 'student1', 8000);
    for (const [changes, user, port, says] of [
      [{}, 'student1', 5000, /no user has this port/],
      [{ extraPorts: [5000, 5099] }, 'student1', 5100, /no user has this port/],
      [{ extraPorts: true }, 'student1', 3002, /belongs to student2/],
      [{ extraPorts: true }, 'student1', 1023, /no user has this port/],
      [{ extraPorts: true }, 'student9', 5000, /gives this user none/],
      [{ extraPorts: true }, 'student1', 5005, /its hostname student1-5005.example.com belongs to student1-5005/],
    ] as const) {
      const error = refusal(() => {
        checkPort(read({ ports, ...changes }), user, port);
      });
      assert.match(error.message, says);
      assert.deepEqual([error.code, error.exitCode], ['port-not-allowed', 77]);
    }
    const template = read({ ports, extraPorts: true, hostname: '{user}-{port}.example.com' });
    assert.equal(hostnameOf(template, 'student1', 5000), 'student1-5000.example.com');
  });

  it('makes the public address from the hostname', () => {
    assert.equal(publicUrl(read({ publicUrl: 'http://{hostname}:8080/{hostname}' }), 'a.b'), 'http://a.b:8080/a.b');
  });
});
