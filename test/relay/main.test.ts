import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterChange, buildRelay, listenOnFreePort } from './helpers.ts';

describe('relay/main', () => {
  let built: string;
  before(async () => {
    built = await mkdtemp(join(tmpdir(), 'relay-built-'));
    await buildRelay(built);
  });
  after(() => rm(built, { recursive: true }));

  let folder: string;
  let path: string;
  let server: Server;
  let port: number;
  const children: ChildProcessWithoutNullStreams[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'relay-main-'));
    path = join(folder, 'student1.sock');
    server = createServer((_request, response) => response.end('the site'));
    port = await listenOnFreePort(server);
  });
  afterEach(async () => {
    await Promise.all(
      children.splice(0).map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  function start(...args: string[]): ChildProcessWithoutNullStreams {
    const child = spawn(process.execPath, [join(built, 'relay.cjs'), ...args]);
    children.push(child);
    return child;
  }
  async function ready(child: ChildProcessWithoutNullStreams): Promise<unknown> {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return JSON.parse(line);
  }
  const setTarget = (child: ChildProcessWithoutNullStreams, target: object | null): boolean =>
    child.stdin.write(`not json\n${JSON.stringify({ target, server: 'vite' })}\n`);
  async function get(requestPath = '/'): Promise<string> {
    const sent = request({
      socketPath: path,
      path: requestPath,
      agent: false,
      headers: { host: 'student1.example.com' },
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return body;
  }
  /** An instruction is read in turn with requests, so some may still get the earlier response. */
  async function eventually(body: RegExp): Promise<void> {
    for (;;) if (body.test(await get())) return;
  }

  it('forwards to its target, and keeps serving for the grace when its window is gone', async () => {
    const relay = start(path, 'https://student1.example.com', '0.5');
    assert.deepEqual(await ready(relay), { listening: path });
    assert.match(await get(), /not running/);
    setTarget(relay, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
    setTarget(relay, null);
    await eventually(/not running/);
    setTarget(relay, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);

    const exited = once(relay, 'exit');
    relay.stdin.end();
    assert.equal(await get(), 'the site');
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(await readdir(folder), []);
  });

  it('passes the path to the next relay once that has a server, and does not take it back', async () => {
    const old = start(path, 'https://student1.example.com', '0');
    await ready(old);
    setTarget(old, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
    const next = start(path, 'https://student1.example.com', '60');
    await ready(next);
    assert.equal(await get(), 'the site');
    const exited = once(old, 'exit');
    const taken = afterChange(folder, async () => /not running/.test(await get()));
    old.stdin.end();
    await exited;
    await taken;
    setTarget(next, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
  });

  it("keeps serving while a second window's relay has no server", async () => {
    const first = start(path, 'https://student1.example.com', '60');
    await ready(first);
    setTarget(first, { port, address: '127.0.0.1' });
    const marked = afterChange(folder, async () => ((await stat(path)).mode & 0o777) === 0o777);
    await eventually(/^the site$/);
    await marked;
    const second = start(path, 'https://student1.example.com', '60');
    await ready(second);
    setTarget(second, null);
    for (let visits = 0; visits < 20; visits += 1) assert.equal(await get(), 'the site');
  });

  it("gives the path back to the other window's relay when killed", async () => {
    const first = start(path, 'https://student1.example.com', '60');
    await ready(first);
    setTarget(first, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
    const other = createServer((_request, response) => response.end('another site'));
    const second = start(path, 'https://student1.example.com', '60');
    await ready(second);
    try {
      setTarget(second, { port: await listenOnFreePort(other), address: '127.0.0.1' });
      await eventually(/^another site$/);
      const back = afterChange(folder, async () => (await get()) === 'the site');
      second.kill('SIGKILL');
      await back;
    } finally {
      other.close();
    }
  });

  it('reports a blocked request once, and blocks no part that is allowed', async () => {
    const relay = start(path, 'https://student1.example.com', '60', 'developerEndpoints,unknown');
    const lines = createInterface({ input: relay.stdout })[Symbol.asyncIterator]();
    await lines.next();
    setTarget(relay, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
    assert.equal(await get('/__open-in-editor'), 'the site');
    for (const target of ['/.env', '/.env', '/x?raw??']) assert.match(await get(target), /may not see this/);
    const reports = [await lines.next(), await lines.next()].map(({ value }) => JSON.parse(String(value)) as unknown);
    assert.deepEqual(reports, [
      { blocked: { part: 'hiddenFiles', target: '/.env' } },
      { blocked: { part: 'ambiguousTargets', target: '/x?raw??' } },
    ]);
  });

  it('ends at once on SIGTERM and leaves no file', async () => {
    const relay = start(path, 'https://student1.example.com', '60');
    await ready(relay);
    const exited = once(relay, 'exit');
    relay.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(await readdir(folder), []);
  });

  it('explains what is wrong with its arguments', async () => {
    for (const [args, code] of [
      [[], 2],
      [[path, 'no url', '10'], 2],
      [[path, 'https://x.example.com', 'soon'], 2],
      [['/nowhere/x.sock', 'https://x.example.com', '1'], 78],
    ] as const) {
      const child = start(...args);
      child.stderr.setEncoding('utf8');
      let errors = '';
      child.stderr.on('data', (text: string) => {
        errors += text;
      });
      assert.deepEqual(await once(child, 'close'), [code, null]);
      assert.match(errors, /usage|no folder/);
    }
  });
});
