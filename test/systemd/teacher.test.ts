import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { packageTarball } from '../../scripts/package/tarball.mjs';
import { startStandIn, type StandIn } from '../../standin/standIn.ts';
import { version } from '../../package.json';
import { commandFile } from '../fixtures/provisioning/bundles.ts';
import { skip } from '../fixtures/skip.ts';
import { canBoot, Machine } from './machine.ts';
import { cloudflared, codeServer, devServer } from './programs.ts';

const students = Array.from({ length: 30 }, (_, index) => `student${index + 1}`);
const withCodeServer = students.slice(0, 3);

/** Every name in the folders that a set-up may change, with owner and mode; the accounts; the units that run. */
const snapshot = `find /etc /usr/local /var/lib /opt -xdev -not -path '/var/lib/systemd/*' -printf '%p %M %u %g\\n' | sort
cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
systemctl list-unit-files --no-legend --state=enabled
find /home -name settings.json -printf '%p\\n'; cat /home/*/.config/code-server/config.yaml`;

describe("a teacher's way from a bare Debian to a class and back", function () {
  this.timeout(240_000);
  let machine: Machine;
  let standIn: StandIn;
  /** At the same place outside and inside of the machine: the edge outside reaches the relays' sockets inside. */
  let folder: string;
  const connectors = createServer((asked, answer) => {
    const { searchParams, pathname } = new URL(asked.url ?? '', 'http://localhost');
    const tunnel = standIn.world.tunnels.get(searchParams.get('tunnel') ?? '');
    if (tunnel && pathname === '/start') standIn.world.startConnector(tunnel);
    if (tunnel && pathname === '/stop') standIn.world.stopConnector(tunnel);
    answer.end();
  });

  before(async function () {
    const debian = process.env['BARE_DEBIAN'];
    const vsix = process.env['VSIX'];
    if (!debian || !vsix) skip(this, 'needs root and a bare Debian');
    if (!canBoot()) skip(this, 'needs overlays and cgroups');
    commandFile(); // builds what is packed, unless it is built
    standIn = await startStandIn({ zoneName: 'example.com' });
    connectors.listen(0, '127.0.0.1');
    await once(connectors, 'listening');
    folder = mkdtempSync('/run/classroom-tunnel-');
    chmodSync(folder, 0o755);
    await packageTarball({ version, vsix, tarball: path.join(folder, 'class.tar.gz') });
    copyFileSync(vsix, path.join(folder, 'x.vsix'));
    const { port } = connectors.address() as AddressInfo;
    writeFileSync(path.join(folder, 'cloudflared'), cloudflared(port), { mode: 0o755 });
    writeFileSync(path.join(folder, 'code-server'), codeServer(version), { mode: 0o755 });
    writeFileSync(path.join(folder, 'server.cjs'), devServer);
    writeFileSync(path.join(folder, 'token'), standIn.token);
    machine = await Machine.boot(debian, folder);
    await done(`mkdir -p ${folder} && mount --bind /srv/class ${folder}
      install -m 755 ${folder}/cloudflared /usr/bin/cloudflared
      for student in ${students.join(' ')}; do useradd -m -s /bin/bash $student; done
      for student in ${withCodeServer.join(' ')}; do
        install -D -m 755 -o $student -g $student ${folder}/code-server /home/$student/.local/bin/code-server
        chown -R $student: /home/$student
        setpriv --reuid $student --regid $student --clear-groups env HOME=/home/$student /home/$student/.local/bin/code-server --list-extensions
      done`);
  });
  after(async () => {
    await (machine as Machine | undefined)?.close();
    await (standIn as StandIn | undefined)?.close();
    connectors.close();
    if (folder as string | undefined) rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a script as root, and expects success. */
  async function done(script: string): Promise<string> {
    const { code, out, err } = await machine.run(['sh', '-ec', script]);
    assert.equal(code, 0, out + err);
    return out;
  }

  async function visit(host: string): Promise<{ status: number; body: string }> {
    const sent = request({ host: '127.0.0.1', port: standIn.edgePort, headers: { host }, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: await text(response) };
  }

  it('takes two commands, serves a student, and leaves nothing but what uninstall names', async () => {
    const atCloudflare = () => [
      [...standIn.world.tunnels.values()].map(({ name }) => name),
      standIn.world.zone.records.all(),
    ];
    const before = { files: await done(snapshot), cloudflare: JSON.stringify(atCloudflare()) };
    const answers = { createTunnel: 'sunnyhill', students, stateDir: `${folder}/state`, apiBaseUrl: standIn.apiUrl };
    writeFileSync(path.join(folder, 'answers.json'), JSON.stringify(answers));
    const setup = (...options: string[]) =>
      done(
        `CLOUDFLARE_API_TOKEN=$(cat ${folder}/token) classroom-tunnel setup --yes --answers ${folder}/answers.json ${options.join(' ')}`,
      );
    const started = Date.now();

    await done(`cd /root && tar -xzf ${folder}/class.tar.gz && ./classroom-tunnel-${version}/install.sh`);
    const installed = await done(snapshot);
    const plan = await setup('--dry-run');
    for (const change of [
      'account classroom-tunnel',
      'make the tunnel sunnyhill',
      'student30',
      'cloudflared-classroom.service',
    ])
      assert.ok(plan.includes(change), plan);
    assert.equal(await done(snapshot), installed);
    assert.equal(JSON.stringify(atCloudflare()), before.cloudflare);
    const first = await setup();
    const minutes = (Date.now() - started) / 60_000;
    assert.match(await setup(), /^Nothing to change/, first);

    const server = machine.start(['classroom-tunnel', 'run', 'node', `${folder}/server.cjs`], 'student7');
    let site = await visit('student7.example.com');
    for (; site.status !== 200; site = await visit('student7.example.com')) {
      assert.equal(server.exitCode, null, 'the server has ended');
      await pause(50); // the edge tells nobody when a site is live
    }
    console.log(
      `      ${minutes.toFixed(1)} minutes, 2 commands, ${Object.keys(answers).length - 2} answers, ${students.length} students`,
    );
    assert.match(site.body, /Hello from student7 at 30\d\d/);
    const config = await done('cat /home/student1/.config/code-server/config.yaml');
    assert.match(config, /trusted-domains:\n {2}- "\*\.example\.com"/);
    assert.match(
      await done('cat /home/student3/.local/share/code-server/Machine/settings.json'),
      /autoForwardPorts": false/,
    );
    assert.match(
      await done('cat /home/student3/.local/share/code-server/extensions/extensions.json'),
      /classroom-tunnel/,
    );

    const shown = await done('classroom-tunnel uninstall --dry-run');
    assert.match(shown, /take down student7\.example\.com[^]*sunnyhill[^]*remove the group students/);
    assert.equal((await visit('student7.example.com')).status, 200);
    const removed = await done('classroom-tunnel uninstall --yes');
    assert.match(removed, /What is left, and why:[^]*accounts and homes[^]*API token at Cloudflare/);
    assert.notEqual((await visit('student7.example.com')).status, 200);
    server.kill();
    assert.equal(JSON.stringify(atCloudflare()), before.cloudflare);
    const [old, now] = [before.files.split('\n'), (await done(snapshot)).split('\n')];
    const differences = [now.filter((line) => !old.includes(line)), old.filter((line) => !now.includes(line))];
    assert.deepEqual(differences, [[], []]);
    assert.equal(existsSync(`${folder}/state`), false);
    assert.ok(!readFileSync(path.join(folder, 'answers.json'), 'utf8').includes(standIn.token));
  });
});
