import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { closeAll, startClassroom, type Classroom, type Ended } from '../fixtures/provisioning/classroom.ts';
import { commandFile } from '../fixtures/provisioning/bundles.ts';
import { ending, Running } from '../fixtures/shell/running.ts';
import { skip } from '../fixtures/skip.ts';

const isRoot = process.getuid?.() === 0;
/** An account that is not root sets up for itself. */
const account = isRoot ? ['--service-account', 'nobody'] : [];
const group =
  readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((line) => line.split(':')[2] === String(process.getgid?.()))
    ?.split(':')[0] ?? '';

/** The words that run a command where the group "students" has these members: seen only in a mount namespace. */
function withStudents(classroom: Classroom, names: readonly string[]): string[] {
  const groups = path.join(classroom.folder, `group-${names.length}`);
  writeFileSync(groups, `${readFileSync('/etc/group', 'utf8')}students:x:31100:${names.join(',')}\n`);
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$1" /etc/group && shift && exec "$@"', 'sh', groups];
}

/** A class of which only Cloudflare's side is there yet. */
async function emptyClass(): Promise<Classroom> {
  const classroom = await startClassroom();
  rmSync(classroom.configFile);
  rmSync(classroom.tokenFile);
  return classroom;
}

async function setup(classroom: Classroom, ...args: string[]): Promise<Ended> {
  const { standIn, stateDir } = classroom;
  const always = ['--api-base-url', standIn.apiUrl, '--state-dir', stateDir, '--group', group, ...account];
  return classroom.run(['setup', ...always, ...args], { env: { CLOUDFLARE_API_TOKEN: standIn.token } });
}

function configOf({ configFile }: Classroom): Record<string, unknown> {
  return JSON.parse(readFileSync(configFile, 'utf8')) as Record<string, unknown>;
}

const modeOf = (file: string) => (statSync(file).mode & 0o7777).toString(8);
const changesOf = ({ standIn }: Classroom) => standIn.requests.filter(({ method }) => method !== 'GET').length;

describe('command: setup, by its options', () => {
  afterEach(closeAll);

  it('finds account, zone and tunnel by the token, writes the files, and the class works', async () => {
    const classroom = await emptyClass();
    const { code, out, err } = await setup(classroom, '--ports', 'student1=3000,student2=3001');
    assert.equal(code, 0, err);
    const { accountId, zoneId, tunnelId, apiUrl } = classroom.standIn;
    assert.deepEqual(configOf(classroom), {
      accountId,
      zoneId,
      tunnelId,
      hostname: '{user}.example.com',
      tokenFile: 'token',
      stateDir: classroom.stateDir,
      ports: { student1: 3000, student2: 3001 },
      apiBaseUrl: apiUrl,
    });
    assert.deepEqual(
      [modeOf(classroom.configFile), modeOf(classroom.tokenFile), modeOf(classroom.stateDir)],
      ['644', '600', '711'],
    );
    if (isRoot)
      assert.deepEqual(
        [statSync(classroom.tokenFile).uid, statSync(classroom.stateDir).uid, statSync(classroom.configFile).uid],
        [65534, 65534, 0],
      );
    assert.equal(changesOf(classroom), 0);
    const steps = [
      '--connector-token-file',
      `%${group} ALL=(`,
      '--link-protection-trusted-domains "*.example.com"',
      '"remote.autoForwardPorts": false',
      '"classroomTunnel.command"',
      'doctor',
    ];
    for (const step of steps) assert(out.includes(step), `${step} in ${out}`);
    chmodSync(classroom.folder, 0o755); // the service account has to reach it
    writeFileSync(classroom.configFile, JSON.stringify({ ...configOf(classroom), allowUserOverride: true }));
    assert.equal((await classroom.done(['publish', '-p', '3000']))['hostname'], 'student1.example.com');
  });

  it('changes nothing when it is called again, with or without its options', async () => {
    const classroom = await emptyClass();
    await setup(classroom, '--port-range', '3000-3099');
    writeFileSync(
      classroom.configFile,
      JSON.stringify({ ...configOf(classroom), commands: ['npm start'], lockTimeoutSeconds: 20 }),
    );
    const before = readFileSync(classroom.configFile, 'utf8');
    for (const args of [[], ['--yes']]) {
      const { code, out } = await setup(classroom, ...args);
      assert.deepEqual([code, out.split('\n')[0]], [0, 'Nothing to change.']);
    }
    assert.equal((await classroom.run(['setup', '--yes'])).code, 0);
    assert.equal(readFileSync(classroom.configFile, 'utf8'), before);
  });

  it('replaces a configuration only after a yes, and carries through what it does not know', async () => {
    const classroom = await emptyClass();
    await setup(classroom);
    writeFileSync(classroom.configFile, JSON.stringify({ ...configOf(classroom), commands: ['npm start'] }));
    const before = readFileSync(classroom.configFile, 'utf8');
    const refused = await setup(classroom, '--hostname', '{user}-class.example.com');
    assert.deepEqual([refused.code, readFileSync(classroom.configFile, 'utf8')], [2, before]);
    assert.match(refused.err, /Replace .*config\.json.*--yes/s);
    assert.equal((await setup(classroom, '--hostname', '{user}-class.example.com', '--yes')).code, 0);
    const { hostname, commands } = configOf(classroom);
    assert.deepEqual([hostname, commands], ['{user}-class.example.com', ['npm start']]);
  });

  it('leaves a token file that is there as it is, whatever the environment says', async () => {
    const classroom = await emptyClass();
    writeFileSync(classroom.tokenFile, `${classroom.standIn.token}\n`, { mode: 0o644 });
    const { code } = await classroom.run(
      ['setup', '--api-base-url', classroom.standIn.apiUrl, '--state-dir', classroom.stateDir, ...account],
      { env: { CLOUDFLARE_API_TOKEN: 'another-token-altogether' } },
    );
    assert.equal(code, 0);
    assert.deepEqual(
      [readFileSync(classroom.tokenFile, 'utf8'), modeOf(classroom.tokenFile)],
      [`${classroom.standIn.token}\n`, '600'],
    );
  });

  it('shares state and token with a group where that is wanted, and knows it again', async () => {
    const classroom = await emptyClass();
    const { code, out, err } = await setup(classroom, '--mode', 'shared');
    assert.equal(code, 0, err);
    assert.deepEqual([modeOf(classroom.stateDir), modeOf(classroom.tokenFile)], ['2771', '640']);
    assert(!out.includes('visudo') && !out.includes('classroomTunnel.command'));
    assert.match((await classroom.run(['setup', '--yes'])).out, /^Nothing to change/);
  });

  it("makes a remotely-managed tunnel once, and saves its connector's token into a file alone", async () => {
    const classroom = await emptyClass();
    const file = path.join(classroom.folder, 'connector');
    for (const round of [1, 2]) {
      const { code, out, err } = await setup(classroom, '--create-tunnel', 'second', '--connector-token-file', file);
      assert.deepEqual([code, changesOf(classroom)], [0, 1], `round ${round}: ${err}`);
      const token = readFileSync(file, 'utf8').trim();
      assert(token.length > 40 && !(out + err).includes(token));
    }
    const tunnel = [...classroom.standIn.world.tunnels.values()].find(({ name }) => name === 'second');
    assert.deepEqual(
      [configOf(classroom)['tunnelId'], tunnel?.source, modeOf(file)],
      [tunnel?.id, 'cloudflare', '600'],
    );
  });

  it('needs the ids where the token may not list zones', async () => {
    const classroom = await emptyClass();
    const { accountId, zoneId, tunnelId, world } = classroom.standIn;
    for (const token of world.tokens.values()) token.scopes = ['tunnel:edit', 'dns:edit'];
    const refused = await setup(classroom);
    assert.match(refused.err, /may not list zones.*--account ID/s);
    const { code, err } = await setup(
      classroom,
      '--account',
      accountId,
      '--zone',
      zoneId,
      '--hostname',
      '{user}.example.com',
    );
    assert.equal(code, 0, err);
    assert.equal(configOf(classroom)['tunnelId'], tunnelId);
  });
});

interface Refusal {
  readonly what: string;
  readonly spoil?: (classroom: Classroom) => unknown;
  readonly args?: readonly string[];
  readonly exit: number;
  readonly says: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    what: 'a bad token',
    spoil: ({ tokenFile }) => {
      writeFileSync(tokenFile, 'wrong-token-wrong');
    },
    exit: 77,
    says: /refuses the API token/,
  },
  {
    what: 'a token without DNS',
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) token.scopes = ['tunnel:edit', 'zone:read'];
    },
    exit: 77,
    says: /dns_records[^]*DNS · Edit/,
  },
  {
    what: 'a token without tunnels',
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) token.scopes = ['dns:edit', 'zone:read'];
    },
    exit: 77,
    says: /cfd_tunnel[^]*Cloudflare Tunnel · Edit/,
  },
  {
    what: 'a locally-managed tunnel',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.source = 'local';
    },
    args: ['--tunnel', 'classroom'],
    exit: 78,
    says: /local file[^]*Migrate/,
  },
  {
    what: 'no tunnel that could be used',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.source = 'local';
    },
    exit: 2,
    says: /--create-tunnel/,
  },
  {
    what: 'more than one tunnel',
    spoil: ({ standIn }) => {
      standIn.world.addTunnel({ name: 'second' });
    },
    exit: 2,
    says: /classroom, second[^]*--tunnel/,
  },
  {
    what: 'more than one zone',
    spoil: ({ standIn }) => {
      standIn.world.addZone({ name: 'example.org' });
    },
    exit: 2,
    says: /example\.com, example\.org[^]*--zone/,
  },
  { what: 'an unknown tunnel', args: ['--tunnel', 'other'], exit: 78, says: /no tunnel other/ },
  { what: 'an unknown zone', args: ['--zone', 'example.net'], exit: 78, says: /no zone example\.net/ },
  {
    what: 'a hostname outside the zone',
    args: ['--hostname', '{user}.example.net'],
    exit: 78,
    says: /does not lie in the zone example\.com/,
  },
  {
    what: 'a hostname that makes no name',
    args: ['--hostname', '{user}_x.example.com'],
    exit: 78,
    says: /is not a label/,
  },
  { what: 'ports that are none', args: ['--ports', 'student1=70000'], exit: 2, says: /not USER=PORT/ },
  { what: 'a port given twice', args: ['--ports', 'student1=3000,student2=3000'], exit: 2, says: /twice/ },
  { what: 'a range the wrong way round', args: ['--port-range', '3099-3000'], exit: 2, says: /FIRST-LAST/ },
  {
    what: 'an unknown group',
    args: ['--mode', 'shared', '--group', 'no-such-group'],
    exit: 2,
    says: /groupadd no-such-group/,
  },
  { what: 'an unreachable API', spoil: ({ standIn }) => standIn.goOffline(), exit: 1, says: /ECONNREFUSED/ },
  {
    what: 'a broken configuration',
    spoil: ({ configFile }) => {
      writeFileSync(configFile, '{');
    },
    exit: 78,
    says: /not JSON/,
  },
  ...(isRoot
    ? [
        {
          what: 'an unknown service account',
          args: ['--service-account', 'no-such-account'],
          exit: 2,
          says: /useradd/,
        },
        { what: 'root as the service account', args: ['--service-account', 'root'], exit: 2, says: /must not be root/ },
      ]
    : []),
];

describe('command: setup, refusals', () => {
  afterEach(closeAll);

  for (const { what, spoil, args = [], exit, says } of refusals) {
    it(`${what}: one message, exit code ${exit}, nothing written`, async () => {
      const classroom = await emptyClass();
      await spoil?.(classroom);
      const before = [classroom.configFile, classroom.tokenFile].map((file) =>
        existsSync(file) ? readFileSync(file, 'utf8') : undefined,
      );
      const { code, out, err } = await setup(classroom, ...args);
      assert.deepEqual([code, out], [exit, ''], err);
      assert.match(err, says);
      assert.doesNotMatch(err, /undefined| at .*:\d+:\d+/);
      assert.deepEqual(
        [classroom.configFile, classroom.tokenFile].map((file) =>
          existsSync(file) ? readFileSync(file, 'utf8') : undefined,
        ),
        before,
      );
      assert.equal(existsSync(classroom.stateDir), false);
      if (classroom.standIn.requests.length > 0) assert.equal(changesOf(classroom), 0);
    });
  }

  it('says where a token may come from when there is none', async () => {
    const classroom = await emptyClass();
    const { code, err } = await classroom.run(['setup']);
    assert.equal(code, 2);
    assert.match(err, /CLOUDFLARE_API_TOKEN/);
  });
});

describe('command: setup, at a terminal', () => {
  const running = new Running();
  afterEach(async () => {
    running.end();
    await closeAll();
  });

  /** Types an answer whenever its question is there. */
  async function converse(
    classroom: Classroom,
    conversation: readonly (readonly [question: RegExp, answer: string])[],
    through: readonly string[],
  ): Promise<{ code: number | string; shown: string }> {
    const { standIn, stateDir, configFile } = classroom;
    const args = ['setup', '--api-base-url', standIn.apiUrl, '--state-dir', stateDir, ...account];
    // `script` gives the command a terminal of its own; wide enough that no question is folded.
    const words = [...through, 'script'];
    const terminal = running.spawn(
      words[0] ?? '',
      [
        ...words.slice(1),
        '-qec',
        `stty cols 200 rows 50; exec '${process.execPath}' '${commandFile()}' ${args.map((arg) => `'${arg}'`).join(' ')}`,
        '/dev/null',
      ],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: {
          PATH: process.env['PATH'],
          HOME: os.tmpdir(),
          TERM: 'xterm',
          SHELL: '/bin/sh',
          CLASSROOM_TUNNEL_CONFIG: configFile,
        },
      },
    );
    let [shown, read] = ['', 0];
    const left = [...conversation];
    terminal.stdout?.on('data', (data: Buffer) => {
      shown += data.toString();
      const [next] = left;
      if (!next?.[0].test(shown.slice(read))) return;
      read = shown.length;
      left.shift();
      terminal.stdin?.write(next[1]);
    });
    const code = await ending(terminal);
    assert.deepEqual(left, [], shown);
    return { code, shown };
  }

  it('asks for the token without showing it, offers what it found, and writes after a yes', async () => {
    const classroom = await emptyClass();
    const { code, shown } = await converse(
      classroom,
      [
        [/API token/, `${classroom.standIn.token}\r`],
        [/zone/, '\r'],
        [/tunnel/, '\r'],
        [/Hostname/, '\r'],
        [/Who may use/, '\r'],
        [/Group/, '\r'],
        [/Ports/, '\r'],
        [/Write this/, '\r'],
      ],
      [],
    );
    assert.equal(code, 0, shown);
    assert(!shown.includes(classroom.standIn.token));
    assert.deepEqual(
      [configOf(classroom)['hostname'], configOf(classroom)['portRange'], readFileSync(classroom.tokenFile, 'utf8')],
      ['{user}.example.com', [3000, 3099], `${classroom.standIn.token}\n`],
    );
  });

  it('gives every student of the group a port when every answer is Enter', async function () {
    if (!isRoot) skip(this, 'needs root');
    const classroom = await emptyClass();
    const through = withStudents(classroom, ['student10', 'student2', 'student1']);
    const { code, shown } = await converse(
      classroom,
      [
        [/API token/, `${classroom.standIn.token}\r`],
        [/zone/, '\r'],
        [/tunnel/, '\r'],
        [/Hostname/, '\r'],
        [/Who may use/, '\r'],
        [/Group/, '\r'],
        [/Ports/, '\r'],
        [/Write this/, '\r'],
      ],
      through,
    );
    assert.equal(code, 0, shown);
    const { ports, portRange } = configOf(classroom);
    assert.deepEqual(ports, { student1: 3000, student2: 3001, student10: 3002 });
    assert.deepEqual(portRange, [3000, 3099]);
    chmodSync(classroom.folder, 0o755); // the service account has to reach it
    const { commands } = await classroom.done(['info']);
    assert.deepEqual(commands, ['npm run dev', 'npm start']);
    const again = ['setup', '--yes', '--group', 'students'];
    assert.match((await classroom.run(again, { through })).out, /^Nothing to change/);
    const joined = withStudents(classroom, ['student10', 'student0']);
    assert.equal((await classroom.run(again, { through: joined })).code, 0);
    assert.deepEqual(configOf(classroom)['ports'], { student1: 3000, student2: 3001, student10: 3002, student0: 3003 });
  });

  it('writes nothing when the person leaves', async () => {
    const classroom = await emptyClass();
    const { code, shown } = await converse(
      classroom,
      [
        [/API token/, `${classroom.standIn.token}\r`],
        [/zone/, '\x03'],
      ],
      [],
    );
    assert.deepEqual(
      [code, existsSync(classroom.configFile), existsSync(classroom.tokenFile)],
      [1, false, false],
      shown,
    );
    assert.match(shown, /nothing was written/);
  });
});
