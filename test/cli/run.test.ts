import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { closeAll, startClassroom, type Classroom, type Started } from '../fixtures/provisioning/classroom.ts';
import { readFolder, readText } from '../../src/shell/procFiles.ts';
import { skip } from '../fixtures/skip.ts';

/** Listens where it likes, and refuses foreign names in Vite's words. Ends with code 7 by SIGTERM. */
const devServer = `const server = require('node:http').createServer(({ headers }, response) => {
  const isLocal = headers.host.split(':')[0] === 'localhost';
  response.writeHead(isLocal ? 200 : 403).end(isLocal ? 'PORT ' + process.env.PORT : 'Blocked request.');
});
process.on('SIGTERM', () => process.exit(7));
server.listen(0, 'localhost');`;

const port = '23456';

async function startClass(): Promise<Classroom> {
  const classroom = await startClassroom({
    standIn: { zoneName: 'localhost', pushDelayMs: () => 0 },
    config: { hostname: '{user}.localhost', ports: { student1: Number(port) } },
  });
  classroom.configure({ publicUrl: `http://{hostname}:${classroom.standIn.edgePort}` });
  writeFileSync(path.join(classroom.folder, 'server.cjs'), devServer);
  return classroom;
}

function start(classroom: Classroom): Started {
  return classroom.launch(['run', process.execPath, path.join(classroom.folder, 'server.cjs')]);
}

/** Visits the site until it answers with this status. */
async function visit({ standIn }: Classroom, status: number, target = '/'): Promise<string> {
  for (;;) {
    const host = `student1.localhost:${standIn.edgePort}`;
    const options = { host: '127.0.0.1', port: standIn.edgePort, path: target, headers: { host }, agent: false };
    const sent = request(options).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const body = await text(response);
    if (response.statusCode === status) return body;
    await pause(50); // the edge tells nobody when a site is live
  }
}

const hasRule = ({ standIn }: Classroom) =>
  standIn.world.tunnel.config?.ingress.some(({ hostname }) => hostname === 'student1.localhost') ?? false;

describe('command: run', function () {
  this.timeout(120_000);
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs /proc');
  });
  afterEach(closeAll);

  it("publishes a server that refuses foreign names, for as long as it runs, and ends with the server's code", async () => {
    const classroom = await startClass();
    const { child, ended } = start(classroom);
    assert.equal(await visit(classroom, 200), `PORT ${port}`);
    assert.match(JSON.stringify(classroom.standIn.world.tunnel.config), /unix:[^"]*\/sockets\/\d+\/23456\.sock/);
    child.kill('SIGTERM');
    const { code, out, err } = await ended;
    assert.deepEqual([code, out], [7, ''], err);
    assert.match(err, /^Classroom Tunnel: your site is at http:\/\/student1\.localhost:\d+$/m);
    assert.equal(hasRule(classroom), false);
  });

  it('tells of an old dev server and of blocked requests once, over http2 too, and allows what the teacher does', async () => {
    const classroom = await startClass();
    classroom.configure({
      publicUrl: `http://{hostname}:${classroom.standIn.edgePort}`,
      allowForVisitors: ['hiddenFiles'],
    });
    classroom.standIn.world.tunnel.connector.protocol = 'http2';
    const vite = path.join(classroom.folder, 'node_modules/vite');
    mkdirSync(path.join(vite, 'bin'), { recursive: true });
    writeFileSync(path.join(vite, 'bin/vite.js'), devServer);
    writeFileSync(path.join(vite, 'package.json'), JSON.stringify({ version: '6.2.2' }));
    writeFileSync(path.join(classroom.folder, 'package.json'), JSON.stringify({ devDependencies: { vite: '6' } }));
    const { child, ended } = classroom.launch(['run', process.execPath, path.join(vite, 'bin/vite.js')], {
      through: ['env', '-C', classroom.folder],
    });
    assert.equal(await visit(classroom, 200, '/.env'), `PORT ${port}`);
    for (const target of ['/__open-in-editor?file=x', '/@fs/etc/passwd?raw??'])
      assert.match(await visit(classroom, 403, target), /may not see this/);
    while (!/127\.0\.0\.1:\d+/.test(JSON.stringify(classroom.standIn.world.tunnel.config))) await pause(50);
    child.kill('SIGTERM');
    const { err } = await ended;
    assert.deepEqual(err.match(/vite 6\.2\.2 has known security holes\..*`npm install vite@6`/g)?.length, 1, err);
    assert.deepEqual(err.match(/was blocked/g)?.length, 1, err);
  });

  it('takes the site down when it is killed', async () => {
    const classroom = await startClass();
    const { child, ended } = start(classroom);
    await visit(classroom, 200);
    child.kill('SIGKILL');
    while (hasRule(classroom)) await pause(50); // the guardian is nobody's child any more
    process.kill(serverOf(classroom));
    await ended;
  });

  it('runs a command that is not there to the exit code of a shell', async () => {
    const classroom = await startClass();
    const { code, err } = await classroom.run(['run', 'no-such-command']);
    assert.equal(code, 127);
    assert.match(err, /no-such-command/);
    assert.equal(hasRule(classroom), false);
  });
});

describe('command: publish-shell', function () {
  this.timeout(120_000);
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs /proc');
  });
  afterEach(closeAll);

  /** A shell that runs the watched command, and the command that its hook starts. */
  async function startShell(classroom: Classroom): Promise<{ shell: Started; hook: () => Started }> {
    const server = `node ${path.join(classroom.folder, 'server.cjs')}`;
    const shell = classroom.spawn(['bash', '-c', `${server} & wait`], { PORT: port });
    const words = ['publish-shell', '-p', port, '--holder', 'shell-1', '--shell-pid', String(shell.child.pid)];
    await once(shell.child, 'spawn');
    return { shell, hook: () => classroom.launch(words, { env: { CLASSROOM_TUNNEL_COMMANDS: server } }) };
  }

  it('publishes the command of the shell through a relay, once, and takes it down however the shell ends', async () => {
    const classroom = await startClass();
    const { shell, hook } = await startShell(classroom);
    const { ended } = hook();
    assert.equal(await visit(classroom, 200), `PORT ${port}`);
    assert.match(JSON.stringify(classroom.standIn.world.tunnel.config), /unix:[^"]*\/sockets\/\d+\/23456\.sock/);
    const again = await hook().ended;
    assert.match(again.out, /^your site is at http:\/\/student1\.localhost:\d+$/m);
    const server = serverOf(classroom);
    shell.child.kill('SIGKILL');
    process.kill(server);
    const { code, out } = await ended;
    assert.deepEqual([code, hasRule(classroom)], [0, false], out);
    await shell.ended;
  });
});

/** The server of a `run` that was killed. */
function serverOf({ folder }: Classroom): number {
  const script = path.join(folder, 'server.cjs');
  const found = readFolder('/proc').find((pid) => readText(`/proc/${pid}/cmdline`)?.split('\0')[1] === script);
  return Number(found);
}
