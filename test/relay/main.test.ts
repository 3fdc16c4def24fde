import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterChange, listenOnFreePort } from './helpers.ts';

const SOURCE = new URL('../../src/relay/main.ts', import.meta.url).pathname;

describe('relay: the process', () => {
  let built: string;
  before(async () => {
    built = await mkdtemp(join(tmpdir(), 'relay-built-'));
    await build({
      entryPoints: [SOURCE],
      outfile: join(built, 'relay.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
    });
  });
  after(() => rm(built, { recursive: true }));

  let directory: string;
  let path: string;
  let server: Server;
  let port: number;
  const children: ChildProcessWithoutNullStreams[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'relay-main-'));
    path = join(directory, 'student1.sock');
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
    await rm(directory, { recursive: true });
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
  const tell = (child: ChildProcessWithoutNullStreams, target: object | null): boolean =>
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
  /** Instructions are read in turn with requests, so a few questions may still be answered by the state before. */
  async function eventually(body: RegExp): Promise<void> {
    for (;;) if (body.test(await get())) return;
  }

  it('serves the target it is told, and goes on for the grace when its window is gone', async () => {
    const relay = start(path, 'https://student1.example.com', '0.5');
    assert.deepEqual(await ready(relay), { listening: path });
    assert.match(await get(), /not running/);
    tell(relay, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
    tell(relay, null);
    await eventually(/not running/);
    tell(relay, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);

    const exited = once(relay, 'exit');
    relay.stdin.end();
    assert.equal(await get(), 'the site');
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(await readdir(directory), []);
  });

  it('hands the path to the next one without a gap, and does not take it back', async () => {
    const old = start(path, 'https://student1.example.com', '0');
    await ready(old);
    tell(old, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
    const next = start(path, 'https://student1.example.com', '60');
    tell(next, { port, address: '127.0.0.1' });
    await ready(next);
    const exited = once(old, 'exit');
    old.stdin.end();
    await exited;
    await eventually(/^the site$/);
  });

  it("gives the path back to the other window's relay, even when killed", async () => {
    const first = start(path, 'https://student1.example.com', '60');
    await ready(first);
    tell(first, { port, address: '127.0.0.1' });
    await eventually(/^the site$/);
    const second = start(path, 'https://student1.example.com', '60');
    await ready(second);
    await eventually(/not running/);
    const back = afterChange(directory, async () => (await get()) === 'the site');
    second.kill('SIGKILL');
    await back;
  });

  it('ends at once on SIGTERM and leaves nothing', async () => {
    const relay = start(path, 'https://student1.example.com', '60');
    await ready(relay);
    const exited = once(relay, 'exit');
    relay.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(await readdir(directory), []);
  });

  it('says what is wrong with its arguments', async () => {
    for (const [args, code] of [
      [[], 2],
      [[path, 'no url', '10'], 2],
      [[path, 'https://x.example.com', 'soon'], 2],
      [['/nowhere/x.sock', 'https://x.example.com', '1'], 78],
    ] as const) {
      const child = start(...args);
      child.stderr.setEncoding('utf8');
      let said = '';
      child.stderr.on('data', (text: string) => {
        said += text;
      });
      assert.deepEqual(await once(child, 'close'), [code, null]);
      assert.match(said, /usage|no directory/);
    }
  });
});
