import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';

/** The modules of node that calls to Cloudflare need. Loading them takes longer than the rest of a start. */
const heavy = ['crypto', 'internal/deps/undici/undici'];

describe('the start of the command', () => {
  afterEach(closeAll);

  it('loads what calls need only if it makes calls', async () => {
    const classroom = await startClassroom();
    const [preload, list] = [path.join(classroom.folder, 'preload.cjs'), path.join(classroom.folder, 'modules.json')];
    writeFileSync(
      preload,
      `process.on('exit', () => { require('node:fs').writeFileSync(${JSON.stringify(list)}, JSON.stringify(process.moduleLoadList)); });`,
    );
    const loadedBy = async (...args: string[]): Promise<string[]> => {
      const { code, err } = await classroom.run(args, { env: { NODE_OPTIONS: `--require ${preload}` } });
      assert.equal(code, 0, err);
      const all = JSON.parse(readFileSync(list, 'utf8')) as string[];
      return heavy.filter((name) => all.includes(`NativeModule ${name}`));
    };
    assert.deepEqual(await loadedBy('info', '-p', '23000'), []);
    assert.deepEqual(await loadedBy('publish', '-p', '23000'), heavy);
  });
});
