import assert from 'node:assert/strict';
import fs, { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mock } from 'node:test';
import { emptyState, PublicationStore, type StoredState } from '../../src/provisioning/publications.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';

const site = {
  hostname: 'student1.example.com',
  user: 'student1',
  port: 3000,
  machine: 'server1',
  service: 'http://localhost:3000',
};
const state: StoredState = { ...emptyState, unsettled: new Map([[site.hostname, site]]) };

describe('the saved state', () => {
  let root: string;
  let folder: StateFolder;
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-'));
    folder = await StateFolder.open(root);
  });
  afterEach(() => {
    mock.restoreAll();
    syncBuiltinESMExports();
    rmSync(root, { recursive: true });
  });

  it('is on the disk before it replaces the old one', async () => {
    const file = folder.in('records', 'state.json');
    const flushed: { text: string; isReplaced: boolean }[] = [];
    const flush = fs.fsyncSync;
    mock.method(fs, 'fsyncSync', (descriptor: number) => {
      flush(descriptor);
      flushed.push({ text: readFileSync(`/proc/self/fd/${descriptor}`, 'utf8'), isReplaced: existsSync(file) });
    });
    syncBuiltinESMExports();
    await new PublicationStore(folder, () => undefined).save(state);
    assert.deepEqual(flushed, [{ text: readFileSync(file, 'utf8'), isReplaced: false }]);
  });

  it('comes back as it was, and so does its copy', async () => {
    const store = new PublicationStore(folder, () => undefined);
    await store.save(state);
    assert.deepEqual([await store.load(), await store.look(), await store.loadCopy()], [state, state, state]);
  });
});
