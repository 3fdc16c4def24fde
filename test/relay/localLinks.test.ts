import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalLink } from '../../src/relay/localLinks.ts';
import { parseLocalLink, localLinkLine } from '../../src/relay/protocol.ts';
import { findText } from '../../src/window/server/findText.ts';
import { fetchFrom, startHarness } from './helpers.ts';

const address = 'http://localhost:5000';

describe('relay/localLinks', () => {
  /** The addresses that the relay reports of one response. */
  async function linksIn(path: string, type: string, ...chunks: string[]): Promise<LocalLink[]> {
    const links: LocalLink[] = [];
    const harness = await startHarness(
      (request, response) => {
        assert.equal(request.headers['accept-encoding'], undefined);
        response.setHeader('content-type', type);
        for (const chunk of chunks) response.write(chunk);
        response.end();
      },
      { onLocalLink: (link) => links.push(link) },
    );
    try {
      const headers = { accept: type, 'accept-encoding': 'gzip' };
      for (let visits = 0; visits < 2; visits += 1)
        assert.equal((await fetchFrom(harness.relayPort, { path, headers })).body, chunks.join(''));
    } finally {
      harness.close();
    }
    return links;
  }

  it('reports an address in a script once, also one that two chunks share', async () => {
    const links = await linksIn('/src/App.jsx?t=1', 'text/javascript', 'fetch("http://loc', 'alhost:5000/api")');
    assert.deepEqual(links, [{ address, path: '/src/App.jsx', inPage: false }]);
    assert.deepEqual(parseLocalLink(localLinkLine({ address, path: '/src/App.jsx', inPage: false })), links[0]);
  });

  it('reports an address in a page', async () => {
    const links = await linksIn(
      '/',
      'text/html; charset=utf-8',
      "<script>new WebSocket('ws://127.0.0.1:8080')</script>",
    );
    assert.deepEqual(links, [{ address: 'ws://127.0.0.1:8080', path: '/', inPage: true }]);
  });

  it('reports neither text without quotation marks, nor placeholders without a port', async () => {
    assert.deepEqual(await linksIn('/', 'text/html', '<p>Open http://localhost:5000 now</p>'), []);
    assert.deepEqual(await linksIn('/a.js', 'text/javascript', "new URL(path, 'http://localhost')"), []);
  });

  it('leaves libraries and compressed responses as they are', async () => {
    const links: LocalLink[] = [];
    const harness = await startHarness(
      (_request, response) => response.setHeader('content-type', 'text/javascript').end(`"${address}"`),
      { onLocalLink: (link) => links.push(link) },
    );
    try {
      for (const path of ['/node_modules/.vite/deps/react.js', '/@vite/client', '/@fs/opt/x.js'])
        await fetchFrom(harness.relayPort, { path });
      assert.deepEqual(links, []);
    } finally {
      harness.close();
    }
  });

  it("finds the line in the project's own files", () => {
    const root = mkdtempSync(join(tmpdir(), 'project-'));
    try {
      for (const folder of ['src', 'node_modules']) mkdirSync(join(root, folder));
      writeFileSync(join(root, 'node_modules/x.js'), address);
      assert.equal(findText(root, address), undefined);
      writeFileSync(join(root, 'src/App.jsx'), `import x from 'x';\n\nfetch('${address}/api');\n`);
      assert.deepEqual(findText(root, address), { file: 'src/App.jsx', line: 3 });
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
