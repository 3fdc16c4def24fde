import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../src/relay/projectRoot.ts';

describe('relay/projectRoot', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'home-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  function write(path: string, text = '{}'): void {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), text);
  }

  it('is the nearest package', () => {
    write('one/package.json');
    write('one/app/src/index.js');
    assert.equal(projectRoot(join(home, 'one/app/src'), home), join(home, 'one'));
  });

  it("is the package's workspace", () => {
    write('one/package.json', '{"workspaces": ["app"]}');
    write('one/app/package.json');
    assert.equal(projectRoot(join(home, 'one/app'), home), join(home, 'one'));
    write('two/pnpm-workspace.yaml', '');
    write('two/app/package.json');
    assert.equal(projectRoot(join(home, 'two/app'), home), join(home, 'two'));
  });

  it('is the folder itself without any package', () => {
    write('one/index.html');
    assert.equal(projectRoot(join(home, 'one'), home), join(home, 'one'));
  });

  it('is never a folder around the home folder or the home folder of a package', () => {
    write('package.json', '{"workspaces": ["*"]}');
    write('one/package.json', 'not json');
    assert.equal(projectRoot(join(home, 'one'), home), join(home, 'one'));
    assert.equal(projectRoot(home, home), home);
  });
});
