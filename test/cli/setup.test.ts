import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { closeAll } from '../fixtures/provisioning/classroom.ts';
import { skip } from '../fixtures/skip.ts';
import {
  account,
  changesOf,
  configOf,
  emptyClass,
  group,
  isRoot,
  modeOf,
  setup,
  setupUnasked,
  unitsOf,
} from './setupHelpers.ts';

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
      studentGroup: group,
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
    assert.match(out, /^Done:[^]*Check the class:\n.*doctor/);
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
      const { code, out } = await setupUnasked(classroom, ...args);
      assert.deepEqual([code, out.split('\n')[0]], [0, 'Nothing to change.']);
    }
    assert.equal(configOf(classroom)['studentGroup'], group);
    const { code, out } = await classroom.run(['setup', '--yes', ...unitsOf(classroom)]);
    assert.deepEqual([code, out.split('\n')[0]], [0, 'Nothing to change.']);
    assert.equal(readFileSync(classroom.configFile, 'utf8'), before);
  });

  it('prints every change and makes none with --dry-run', async function () {
    if (!isRoot) skip(this, 'needs root');
    const classroom = await emptyClass();
    const before = readdirSync(classroom.folder);
    const missing = ['--group', 'no-such-group', '--service-account', 'no-such-account'];
    const { code, out, err } = await setup(classroom, ...missing, '--create-tunnel', 'second', '--dry-run');
    assert.equal(code, 0, err);
    for (const change of [
      'make the group no-such-group',
      'make the system account no-such-account',
      `make the folder ${classroom.stateDir}`,
      `make the file ${classroom.configFile}`,
      'make the tunnel second',
      'classroom-tunnel.socket',
    ])
      assert.ok(out.includes(change), `${change} in ${out}`);
    assert.deepEqual([changesOf(classroom), readdirSync(classroom.folder)], [0, before]);
  });

  it('takes its answers from a file, and refuses a key that it does not know', async () => {
    const classroom = await emptyClass();
    const file = path.join(classroom.folder, 'answers.json');
    writeFileSync(file, JSON.stringify({ hostname: '{user}-class.example.com', ports: { student1: 3007 } }));
    assert.equal((await setup(classroom, '--yes', '--answers', file)).code, 0);
    const { hostname, ports } = configOf(classroom);
    assert.deepEqual([hostname, ports], ['{user}-class.example.com', { student1: 3007 }]);
    writeFileSync(file, '{"hostnames":"x"}');
    const { code, err } = await setup(classroom, '--yes', '--answers', file);
    assert.equal(code, 2);
    assert.match(err, /"hostnames" is not an answer; the answers are account, zone/);
  });

  it('undoes everything when a step fails', async function () {
    if (!isRoot) skip(this, 'needs root');
    const classroom = await emptyClass();
    writeFileSync(path.join(classroom.folder, 'units'), 'a file where a folder is needed');
    const { code, err } = await setup(classroom, '--create-tunnel', 'second');
    assert.equal(code, 1, err);
    assert.match(err, /Setup cannot write/);
    assert.deepEqual(readdirSync(classroom.folder), ['units']);
    assert.deepEqual(
      [...classroom.standIn.world.tunnels.values()].map(({ name }) => name),
      ['classroom'],
    );
  });

  it('installs the service, and a folder for the relay of every student', async function () {
    if (!isRoot) skip(this, 'needs root');
    const classroom = await emptyClass();
    const { out } = await setup(classroom, '--ports', 'nobody=3000');
    const unit = readFileSync(path.join(classroom.folder, 'units', 'classroom-tunnel@.service'), 'utf8');
    assert.match(unit, /^User=nobody$/m);
    assert.ok(unit.includes(`CLASSROOM_TUNNEL_CONFIG=${classroom.configFile}\n`));
    const [sockets, own] = [classroom.in('sockets'), classroom.in('sockets', '65534')];
    assert.deepEqual([modeOf(sockets), statSync(sockets).uid], ['755', 0]);
    assert.deepEqual([modeOf(own), statSync(own).uid], ['755', 65534]);
    assert.doesNotMatch(out, /systemctl|sudo/);
  });

  it('says how to move a class that still has a sudo rule', async function () {
    if (!isRoot) skip(this, 'needs root');
    const classroom = await emptyClass();
    const rules = path.join(classroom.folder, 'sudoers.d');
    mkdirSync(rules);
    writeFileSync(path.join(rules, 'class'), '%students ALL=(nobody) NOPASSWD: /usr/local/bin/classroom-tunnel\n');
    const script = 'mkdir -p /etc/sudoers.d && mount --bind "$1" /etc/sudoers.d && shift && exec "$@"';
    const through = ['unshare', '--mount', 'sh', '-c', script, 'sh', rules];
    assert.equal((await setup(classroom)).code, 0);
    const { out } = await classroom.run(['setup', '--yes', ...unitsOf(classroom)], { through });
    assert.match(out, /rm \/etc\/sudoers\.d\/class[^]*roll the API token/);
    const found = await classroom.run(['doctor', '--json'], { through });
    assert.equal(found.code, 1);
    assert.match(found.out, /"check":"sudo"[^}]*sudoers\.d\/class/);
  });

  it('replaces a configuration only after a yes, and carries through what it does not know', async () => {
    const classroom = await emptyClass();
    const unasked = await setupUnasked(classroom);
    assert.deepEqual([unasked.code, existsSync(classroom.configFile), changesOf(classroom)], [2, false, 0]);
    assert.match(unasked.err, /needs a yes[^]*--yes, or run `classroom-tunnel setup` in a terminal/);
    await setup(classroom);
    writeFileSync(classroom.configFile, JSON.stringify({ ...configOf(classroom), commands: ['npm start'] }));
    const before = readFileSync(classroom.configFile, 'utf8');
    const refused = await setupUnasked(classroom, '--hostname', '{user}-class.example.com');
    assert.deepEqual([refused.code, readFileSync(classroom.configFile, 'utf8')], [2, before]);
    assert.match(refused.err, /Replace .*config\.json.*--yes/s);
    assert.equal((await setup(classroom, '--hostname', '{user}-class.example.com')).code, 0);
    const { hostname, commands } = configOf(classroom);
    assert.deepEqual([hostname, commands], ['{user}-class.example.com', ['npm start']]);
    assert.equal(readFileSync(`${classroom.configFile}.bak`, 'utf8'), before);
  });

  it('leaves a token file that is there as it is, whatever the environment says', async () => {
    const classroom = await emptyClass();
    writeFileSync(classroom.tokenFile, `${classroom.standIn.token}\n`, { mode: 0o644 });
    const { code } = await classroom.run(
      [
        'setup',
        '--yes',
        '--api-base-url',
        classroom.standIn.apiUrl,
        '--state-dir',
        classroom.stateDir,
        '--group',
        group,
        ...account,
        ...unitsOf(classroom),
      ],
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
    assert(!out.includes('systemctl') && !existsSync(path.join(classroom.folder, 'units')));
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
