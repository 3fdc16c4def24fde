import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { close, listen } from '../../standin/listen.ts';
import { startStandIn } from '../../standin/standIn.ts';
import type { StandIn } from '../../standin/standIn.ts';

const source = new URL('../../demo/app', import.meta.url).pathname;

describe("the student's app", () => {
  let folder: string;
  let app: ChildProcess;
  let standIn: StandIn;
  let url: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'app-'));
    await cp(source, folder, { recursive: true });
    const port = await freePort();
    url = `http://localhost:${port}`;
    const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      scripts: { dev: string };
    };
    const [program = '', ...parameters] = scripts.dev.split(' ');
    assert.equal(program, 'node');
    app = spawn(process.execPath, parameters, {
      cwd: folder,
      env: { PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(app.stdout ?? assert.fail(), 'data')) as [Buffer];
    assert.match(line.toString(), new RegExp(`http://localhost:${port}`));
    standIn = await startStandIn({ config: { ingress: [{ service: url }] } });
    standIn.addRecord({ type: 'CNAME', name: '*', content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
  });
  afterEach(async () => {
    await standIn.close();
    const ended = once(app, 'exit');
    if (app.kill()) await ended;
    await rm(folder, { recursive: true });
  });

  it('serves its page, its script and its style, and nothing else of the folder', async () => {
    assert.match(await (await fetch(url)).text(), /Hello from/);
    const page = await (await fetch(`${url}/index.html`)).text();
    const links = [...page.matchAll(/(?:src|href)="([\w.]+)"/g)].map(([, link]) => link ?? '');
    assert.deepEqual(links, ['style.css', 'script.js']);
    for (const link of links) assert.equal((await fetch(`${url}/${link}`)).headers.get('cache-control'), 'no-store');
    for (const path of ['server.mjs', 'package.json', 'none.html', '..%2f..%2fetc/passwd', '/%']) {
      const response = await fetch(`${url}/${path}`);
      assert.deepEqual([path, response.status], [path, 404]);
      await response.text();
    }
  });

  it('tells an open page, through the edge, that a file has changed', async () => {
    const events = await openEvents();
    await writeFile(join(folder, 'index.html'), '<h1>New</h1>');
    await events.changed;
    assert.equal(await (await fetch(url)).text(), '<h1>New</h1>');
    events.close();
  });

  /** Listens for changes as the page does, under the student's name. */
  async function openEvents() {
    const sent = request(`${standIn.edgeUrl}/changes`, { headers: { host: 'student1.localhost' }, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    assert.equal(response.headers['content-type'], 'text/event-stream');
    await once(response, 'data');
    return {
      changed: once(response, 'data').then(([data]) => assert.match(String(data), /changed/)),
      close: () => response.destroy(),
    };
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await close(server);
  return port;
}
