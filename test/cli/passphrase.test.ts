import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { closeAll, startClassroom, type Classroom, type Ended } from '../fixtures/provisioning/classroom.ts';

const enter = '/.well-known/classroom-tunnel/enter';
const port = '23457';
const server = `require('node:http').createServer(({ headers }, response) => {
  response.end('the site, ' + (headers.cookie ?? 'no cookie'));
}).listen(0, 'localhost');`;

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('command: passphrase', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  async function startClass(): Promise<Classroom> {
    const classroom = await startClassroom({
      standIn: { zoneName: 'localhost', pushDelayMs: () => 0 },
      config: { hostname: '{user}.localhost', ports: { student1: Number(port) } },
    });
    // The test's class has a configuration without its own edge address until the stand-in has one.
    const config = JSON.parse(readFileSync(classroom.configFile, 'utf8')) as object;
    const publicUrl = `http://{hostname}:${classroom.standIn.edgePort}`;
    writeFileSync(classroom.configFile, JSON.stringify({ ...config, publicUrl }));
    writeFileSync(path.join(classroom.folder, 'server.cjs'), server);
    return classroom;
  }
  const set = (classroom: Classroom, passphrase: string, ...options: string[]): Promise<Ended> =>
    classroom.run(['passphrase', ...options, '--json'], {
      through: ['sh', '-c', `printf '%s\\n' '${passphrase}' | "$@"`, 'sh'],
    });
  const configOf = ({ configFile }: Classroom) =>
    JSON.parse(readFileSync(configFile, 'utf8')) as Record<string, unknown>;

  async function ask({ standIn }: Classroom, headers: OutgoingHttpHeaders = {}, form?: string): Promise<Answer> {
    const sent = request({
      ...{ host: '127.0.0.1', port: standIn.edgePort, agent: false },
      ...(form === undefined ? {} : { method: 'POST', path: enter }),
      headers: {
        host: `student1.localhost:${standIn.edgePort}`,
        accept: 'text/html',
        ...(form === undefined ? {} : { 'content-length': form.length }),
        ...headers,
      },
    }).end(form);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }
  /** The edge tells nobody when a site is live. */
  async function until(classroom: Classroom, status: number): Promise<string> {
    for (;;) {
      const answer = await ask(classroom);
      if (answer.status === status) return answer.body;
      await pause(50);
    }
  }

  it('makes running sites private, lets in who knows it, and opens them again', async () => {
    const classroom = await startClass();
    const { child, ended } = classroom.launch(['run', process.execPath, path.join(classroom.folder, 'server.cjs')]);
    assert.equal(await until(classroom, 200), 'the site, no cookie');
    const { code, out } = await set(classroom, 'correct horse');
    assert.equal(code, 0, out);
    assert.doesNotMatch(readFileSync(classroom.configFile, 'utf8'), /correct horse/);
    assert.ok(existsSync(`${classroom.configFile}.bak`));
    assert.match(await until(classroom, 401), /<form method="post" action="\/\.well-known\/classroom-tunnel\/enter">/);
    assert.equal((await ask(classroom, {}, 'passphrase=wrong')).status, 401);
    const right = await ask(classroom, {}, 'passphrase=correct+horse&to=%2Fa');
    assert.deepEqual([right.status, right.headers.location], [303, '/a']);
    const cookie = right.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    assert.equal((await ask(classroom, { cookie })).body, 'the site, no cookie');
    const key = path.join(classroom.stateDir, 'sockets', String(process.getuid?.()), 'visitors.key');
    assert.equal(statSync(key).mode & 0o777, 0o600);
    await classroom.done(['passphrase', '--remove']);
    await until(classroom, 200);
    child.kill('SIGTERM');
    await ended;
  });

  it('lets a student be stricter than the class, and never laxer', async () => {
    const classroom = await startClass();
    assert.equal((await classroom.run(['publish', '-p', port, '--relay', '--private'])).code, 78);
    await set(classroom, 'correct horse', '--optional');
    assert.equal((await classroom.done(['info']))['visibility'], undefined);
    const { child, ended } = classroom.launch(
      ['run', '--', process.execPath, path.join(classroom.folder, 'server.cjs')],
      { env: { CLASSROOM_TUNNEL_VISIBILITY: 'class' } },
    );
    await until(classroom, 401);
    child.kill('SIGTERM');
    await ended;
    await set(classroom, 'correct horse');
    assert.equal((await classroom.run(['--type', 'GET', '--port', port])).code, 77);
    assert.equal((await classroom.run(['publish', '-p', port, '--relay'])).code, 75);
  });

  it('takes down a site that visitors reach without a relay', async () => {
    const classroom = await startClass();
    await classroom.done(['publish', '-p', port]);
    const { out } = await set(classroom, 'correct horse');
    assert.deepEqual((JSON.parse(out.trim().split('\n').at(-1) ?? '') as { removed: string[] }).removed, [
      'student1.localhost',
    ]);
    assert.doesNotMatch(JSON.stringify(classroom.standIn.world.tunnel.config), /student1/);
  });

  it('refuses a passphrase that is too short, and a class that is private without one', async () => {
    const classroom = await startClass();
    assert.equal((await set(classroom, 'abc')).code, 2);
    assert.equal(configOf(classroom)['visibility'], undefined);
    classroom.configure({ visibility: 'class' });
    const { code, err } = await classroom.run(['publish', '-p', port, '--relay']);
    assert.equal(code, 78);
    assert.match(err, /has no passphrase/);
  });
});
