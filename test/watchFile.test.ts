import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchFile, type FileWatch } from '../src/watchFile.ts';

describe('watchFile', () => {
  let folder: string;
  let watch: FileWatch | undefined;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'watch-'))));
  afterEach(() => {
    watch?.close();
    rmSync(folder, { recursive: true });
  });

  /** Starts to watch. @returns a function that resolves at the next change */
  function start(file: string): () => Promise<void> {
    let changed = (): void => undefined;
    watch = watchFile(file, () => changed());
    // The watch alone does not keep the process running.
    return () =>
      new Promise((resolve) => {
        const keep = setInterval(() => undefined, 1_000);
        changed = () => {
          clearInterval(keep);
          resolve();
        };
      });
  }

  it('tells of a file that is written, and of one that is replaced whole', async () => {
    const file = join(folder, 'config.json');
    const next = start(file);
    let change = next();
    writeFileSync(file, '{}');
    await change;
    change = next();
    writeFileSync(join(folder, 'scratch'), '{ }');
    renameSync(join(folder, 'scratch'), file);
    await change;
  });

  it('tells of a file whose folders are made later', async () => {
    const file = join(folder, 'a', 'b', 'config.json');
    const next = start(file);
    let change = next();
    mkdirSync(join(folder, 'a'));
    mkdirSync(join(folder, 'a', 'b'));
    writeFileSync(file, '{}');
    await change;
    change = next();
    writeFileSync(file, '{ }');
    await change;
    assert.ok(watch);
  });
});
