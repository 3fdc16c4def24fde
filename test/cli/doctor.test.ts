import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { judgeQuota, judgeRules, judgeTunnel, judgeWildcard, judgeZone } from '../../src/cli/doctor/cloudflare.ts';
import { formatFindings, type Check } from '../../src/cli/doctor/findings.ts';
import { judgeStateFolder, judgeToken } from '../../src/cli/doctor/machine.ts';
import { ownerToBecome } from '../../src/cli/dropPrivileges.ts';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';

/** A class without anything to complain of. */
async function soundClass(): Promise<Classroom> {
  const classroom = await startClassroom({ config: { allowUserOverride: undefined, portRange: [3000, 3099] } });
  mkdirSync(classroom.stateDir, { mode: 0o711 });
  return classroom;
}

async function examine(classroom: Classroom): Promise<{ code: number | null; checks: Check[]; bad: Check[] }> {
  const { code, last } = await classroom.run(['doctor', '--json']);
  assert.equal(last['event'], 'doctor');
  const checks = last['checks'] as Check[];
  return { code, checks, bad: checks.filter(({ level }) => level !== 'ok') };
}

interface Trouble {
  readonly what: string;
  readonly spoil: (classroom: Classroom) => unknown;
  readonly check: string;
  readonly level?: 'warning';
  readonly says: RegExp;
  readonly mend: RegExp;
  /** Other checks that fail for the same reason. */
  readonly also?: readonly string[];
}

const config = (changes: Record<string, unknown>) => (classroom: Classroom) => {
  classroom.configure(changes);
};
const scopes =
  (...kept: ('tunnel:edit' | 'dns:edit' | 'zone:read')[]) =>
  ({ standIn }: Classroom) => {
    for (const token of standIn.world.tokens.values()) token.scopes = kept;
  };
const addRecord = (fields: object) => (classroom: Classroom) => {
  classroom.configure({ dns: 'wildcard' });
  classroom.standIn.addRecord({
    type: 'CNAME',
    name: '*.example.com',
    content: `${classroom.standIn.tunnelId}.cfargotunnel.com`,
    proxied: true,
    ttl: 1,
    ...fields,
  });
};

const troubles: readonly Trouble[] = [
  {
    what: 'a configuration that others may write',
    spoil: ({ configFile }) => {
      chmodSync(configFile, 0o666);
    },
    check: 'configuration',
    says: /others/,
    mend: /chmod 644/,
  },
  {
    what: 'a class in which anybody has any name',
    spoil: config({ allowUserOverride: true }),
    check: 'configuration',
    level: 'warning',
    says: /any name/,
    mend: /Remove/,
  },
  {
    what: 'a class in which nobody has a port',
    spoil: config({ portRange: undefined }),
    check: 'configuration',
    level: 'warning',
    says: /port/,
    mend: /`ports`/,
  },
  {
    what: 'a token that everybody can read',
    spoil: ({ tokenFile }) => {
      chmodSync(tokenFile, 0o644);
    },
    check: 'token file',
    level: 'warning',
    says: /Everybody/,
    mend: /chmod 600/,
  },
  {
    what: 'a missing token file',
    spoil: config({ tokenFile: 'nowhere' }),
    check: 'token',
    says: /nowhere/,
    mend: /tokenFile/,
  },
  {
    what: 'a rejected token',
    spoil: ({ tokenFile }) => {
      writeFileSync(tokenFile, 'wrong-token-wrong');
    },
    check: 'token',
    says: /401/,
    mend: /permissions/,
  },
  {
    what: 'an expired token',
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) token.status = 'expired';
    },
    check: 'token',
    says: /expired/,
    mend: /new one/,
  },
  {
    what: 'a token without the tunnel',
    spoil: scopes('dns:edit', 'zone:read'),
    check: 'tunnel',
    says: /may not/,
    mend: /Cloudflare Tunnel · Edit/,
    also: ['rules'],
  },
  {
    what: 'a token without DNS',
    spoil: scopes('tunnel:edit', 'zone:read'),
    check: 'DNS',
    says: /may not/,
    mend: /DNS · Edit/,
  },
  {
    what: 'a token that may not see the zone',
    spoil: scopes('tunnel:edit', 'dns:edit'),
    check: 'zone',
    level: 'warning',
    says: /nobody knows/,
    mend: /Zone · Read/,
  },
  {
    what: 'an unknown tunnel',
    spoil: config({ tunnelId: '01234567-89ab-cdef-0123-456789abcdef' }),
    check: 'tunnel',
    says: /01234567/,
    mend: /`tunnelId`/,
    also: ['rules'],
  },
  {
    what: 'an unknown zone',
    spoil: config({ zoneId: '0123456789abcdef0123456789abcdef' }),
    check: 'zone',
    says: /01234567/,
    mend: /`zoneId`/,
    also: ['DNS'],
  },
  {
    what: 'a locally-managed tunnel',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.source = 'local';
    },
    check: 'tunnel',
    says: /file beside cloudflared/,
    mend: /Migrate/,
    also: ['rules'],
  },
  {
    what: 'a tunnel without a connector',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.connected = false;
    },
    check: 'tunnel',
    says: /no connector/,
    mend: /cloudflared/,
  },
  {
    what: 'a hostname outside the zone',
    spoil: config({ hostname: '{user}.example.org' }),
    check: 'hostname',
    says: /does not lie/,
    mend: /\.example\.com/,
  },
  {
    what: 'a hostname two levels below',
    spoil: config({ hostname: '{user}.class.example.com' }),
    check: 'hostname',
    level: 'warning',
    says: /certificate/,
    mend: /\{user\}-class\.example\.com/,
  },
  {
    what: 'an unreachable API',
    spoil: ({ standIn }) => standIn.goOffline(),
    check: 'token',
    says: /ECONNREFUSED/,
    mend: /network/,
  },
  {
    what: 'no state folder',
    spoil: config({ stateDir: 'nowhere' }),
    check: 'state',
    says: /nowhere does not exist/,
    mend: /setup/,
  },
  {
    what: 'a sticky state folder',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o1711);
    },
    check: 'state',
    says: /sticky/,
    mend: /chmod -t/,
  },
  {
    what: 'a state folder for everybody',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o777);
    },
    check: 'state',
    says: /Everybody/,
    mend: /2771/,
  },
  {
    what: 'a state folder that hides the sockets',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o700);
    },
    check: 'state',
    level: 'warning',
    says: /relays/,
    mend: /o\+x/,
  },
  {
    what: 'a torn state file',
    spoil: (classroom) => {
      mkdirSync(classroom.in('records'), { mode: 0o711 });
      writeFileSync(classroom.in('records', 'state.json'), '{"ver');
    },
    check: 'records',
    level: 'warning',
    says: /not readable/,
    mend: /gc/,
  },
  {
    what: 'wildcard mode without its record',
    spoil: config({ dns: 'wildcard' }),
    check: 'DNS',
    says: /no record \*\.example\.com/,
    mend: /CNAME/,
  },
  {
    what: 'a wildcard that leads elsewhere',
    spoil: addRecord({ content: 'other.example.net' }),
    check: 'DNS',
    says: /other\.example\.net/,
    mend: /CNAME/,
  },
];

describe('command: doctor', () => {
  afterEach(closeAll);

  it('finds everything in order, asks Cloudflare at most six questions, and changes nothing', async () => {
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
      'token',
      'tunnel',
      'rules',
      'zone',
      'hostname',
      'DNS',
    ]);
    const { requests } = classroom.standIn;
    assert(requests.length <= 6 && requests.every(({ method }) => method === 'GET'));
    assert.match(
      (await classroom.run(['doctor'])).out,
      /^ok {7}configuration .*\n(.*\n)*\nEverything is in order\.\n$/,
    );
  });

  it("is content with a live class in wildcard mode and with an account's own token", async () => {
    const classroom = await startClassroom({
      config: { dns: 'wildcard', portRange: [3000, 3099] },
      standIn: { token: { owner: 'account' } },
    });
    classroom.standIn.addRecord({
      type: 'CNAME',
      name: '*.example.com',
      content: `${classroom.standIn.tunnelId}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    });
    mkdirSync(classroom.stateDir, { mode: 0o711 });
    await classroom.done(['publish', '-p', '3000']);
    classroom.configure({ allowUserOverride: undefined });
    const { checks, bad } = await examine(classroom);
    assert.deepEqual(bad, []);
    assert.match(
      checks.map(({ text }) => text).join('\n'),
      /1 live[^]*the account's own[^]*2, the last of them the catch-all/,
    );
  });

  for (const { what, spoil, check, level = 'fail', says, mend, also = [] } of troubles) {
    it(`${what}: one ${level === 'fail' ? 'failure' : level}, with its mend`, async () => {
      const classroom = await soundClass();
      await spoil(classroom);
      const { code, bad } = await examine(classroom);
      const found = bad.find((finding) => finding.check === check && finding.level === level);
      assert(found, JSON.stringify(bad));
      assert.match(found.text, says);
      assert.match(found.mend ?? '', mend);
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
    await classroom.done(['publish', '-p', '3000', '--holder', 'shell-1', '--holder-pid', String(pid)]);
    const { bad } = await examine(classroom);
    assert.match(
      JSON.stringify(bad.filter(({ check }) => check === 'records')),
      /Held by nobody any more: student1\.example\.com/,
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
      await classroom.done(['publish', '-p', '3000', '--holder', 'shell-1', '--holder-pid', String(pid)]);
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

describe('doctor: judgements', () => {
  const folder = { uid: 10, gid: 20, mode: 0o40700 };

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
    assert.match(judge(0o40770) ?? '', /does not hand its group on/);
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
    assert.match(judgeRules({ ingress: [rule('a.example.com:80'), last] }).text, /a hostname has no port/);
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

  it('a person sees how much there is to mend', () => {
    const finding = (level: Check['level']): Check => ({
      check: 'zone',
      level,
      text: 'text',
      ...(level === 'ok' ? {} : { mend: 'mend' }),
    });
    assert.equal(
      formatFindings([finding('ok'), finding('fail'), finding('warning')]),
      'ok       zone  text\nfail     zone  text\n               mend\nwarning  zone  text\n               mend\n\n1 to mend, 1 warning.',
    );
    assert.match(formatFindings([finding('warning')]), /It works, 1 warning\.$/);
  });
});
