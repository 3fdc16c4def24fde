import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';

/** What node loads for the network, cryptography and other processes: together longer than all else that a start does. */
const heavy = ['net', 'crypto', 'child_process', 'stream', 'fs/promises', 'internal/deps/undici/undici'];

describe('the start of a command', () => {
  afterEach(closeAll);

  it("loads no module of node's for what it does not do; who calls Cloudflare has them", async () => {
    const classroom = await startClassroom();
    const [preload, list] = ['preload.cjs', 'modules.json'].map((name) => path.join(classroom.folder, name)) as [
      string,
      string,
    ];
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
    assert.deepEqual(await loadedBy('info', '-p', '3000'), []);
    assert.deepEqual(
      await loadedBy('publish', '-p', '3000'),
      heavy.filter((name) => !['child_process', 'fs/promises'].includes(name)),
    );
  });
});
