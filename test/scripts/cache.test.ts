import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheRoot, cached } from '../../scripts/setup/cache.mjs';

const KEY = 'thing-1.2.3';

describe('the cache', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'classroom-tunnel-cache-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const build = (content: string) => (folder: string) => writeFile(join(folder, 'thing'), content);
  const read = (folder: string): Promise<string> => readFile(join(folder, 'thing'), 'utf8');

  it('builds once, and takes what is there from then on', async () => {
    assert.equal(await read(await cached(root, KEY, build('first'))), 'first');
    assert.equal(await read(await cached(root, KEY, build('second'))), 'first');
    assert.deepEqual(await readdir(root), [KEY]);
  });

  it('builds again what was left half built', async () => {
    await mkdir(join(root, KEY));
    await writeFile(join(root, KEY, 'thing'), 'half');
    assert.equal(await read(await cached(root, KEY, build('whole'))), 'whole');
    assert.deepEqual(await readdir(root), [KEY]);
  });

  it('keeps nothing of a build that fails', async () => {
    await assert.rejects(
      cached(root, KEY, () => Promise.reject(new Error('no compiler'))),
      /no compiler/,
    );
    assert.deepEqual(await readdir(root), []);
  });

  it('lets two builders work at once: both get one whole folder', async () => {
    const folders = await Promise.all(['one', 'two', 'three'].map((content) => cached(root, KEY, build(content))));
    assert.deepEqual(new Set(folders), new Set([join(root, KEY)]));
    assert.ok(['one', 'two', 'three'].includes(await read(join(root, KEY))));
    assert.deepEqual(await readdir(root), [KEY]);
  });

  it('removes what a killed build left long ago, and spares what may still be worked on', async () => {
    for (const name of ['.building-old', '.building-new']) await mkdir(join(root, name));
    await utimes(join(root, '.building-old'), 0, 0);
    await cached(root, KEY, build('thing'));
    assert.deepEqual((await readdir(root)).sort(), ['.building-new', KEY].sort());
  });

  it('lies where the user wants caches', () => {
    assert.equal(cacheRoot({ XDG_CACHE_HOME: '/caches' }), '/caches/classroom-tunnel');
    assert.match(cacheRoot({ XDG_CACHE_HOME: '' }), /\/\.cache\/classroom-tunnel$/);
  });
});
