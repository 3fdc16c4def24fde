import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFolder, readLink, readText } from '../../src/shell/procFiles.ts';
import { Running } from '../fixtures/shell/running.ts';

describe('a file of /proc', () => {
  const running = new Running();
  afterEach(() => running.end());

  it('is read as text, as a folder, or as a link', () => {
    const folder = running.folder();
    writeFileSync(join(folder, 'stat'), '1 (sh)');
    symlinkSync('socket:[7]', join(folder, '3'));
    assert.deepEqual([readText(join(folder, 'stat')), readLink(join(folder, '3'))], ['1 (sh)', 'socket:[7]']);
    assert.deepEqual(readFolder(folder).sort(), ['3', 'stat']);
  });

  it('is undefined, or an empty folder, when it is gone or of another kind', () => {
    const folder = running.folder();
    const gone = join(folder, 'gone');
    writeFileSync(join(folder, 'file'), '');
    assert.deepEqual([readText(gone), readLink(gone), readFolder(gone)], [undefined, undefined, []]);
    assert.deepEqual([readFolder(join(folder, 'file')), readLink(join(folder, 'file'))], [[], undefined]);
  });

  it('is an error when the machine has one', () => {
    const folder = running.folder();
    mkdirSync(join(folder, 'inner'));
    assert.throws(() => readText(join(folder, 'inner')), { code: 'EISDIR' });
  });
});
