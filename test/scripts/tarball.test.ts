import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageTarball } from '../../scripts/package/tarball.mjs';
import { commandFile } from '../fixtures/provisioning/bundles.ts';

describe('the archive for a server', () => {
  let folder: string;
  const inside = (...parts: string[]) => path.join(folder, 'classroom-tunnel-1.2.3', ...parts);
  const install = (env: NodeJS.ProcessEnv = {}) =>
    spawnSync('sh', [inside('install.sh')], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], NODE: path.join(folder, 'node'), DESTDIR: path.join(folder, 'root'), ...env },
    });
  const installed = (file: string) => path.join(folder, 'root', file);

  beforeEach(async function () {
    this.timeout(120_000);
    commandFile(); // builds what is packed, unless it is built
    folder = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-tarball-test-'));
    const [vsix, tarball] = [path.join(folder, 'any.vsix'), path.join(folder, 'archive.tar.gz')];
    writeFileSync(vsix, 'an extension');
    // Not in a home folder, as the node of the tests may be.
    writeFileSync(path.join(folder, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    await packageTarball({ version: '1.2.3', vsix, tarball });
    spawnSync('tar', ['-C', folder, '-xzf', tarball]);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('installs the command, and lists every file and folder that it made', () => {
    const { status, stdout, stderr } = install();
    assert.equal(status, 0, stderr);
    assert.match(stdout, /Next: sudo classroom-tunnel setup/);
    const command = installed('/usr/local/bin/classroom-tunnel');
    assert.equal(
      readFileSync(command, 'utf8').split('\n')[0],
      `#!${path.join(folder, 'node')} --inspect-port=192.0.2.1:9229`,
    );
    assert.equal(spawnSync(command, ['--version'], { encoding: 'utf8', env: {} }).status, 0);
    const list = readFileSync(installed('/usr/local/lib/classroom-tunnel/installed'), 'utf8').trim().split('\n');
    for (const file of ['relay.cjs', 'classroom-tunnel.vsix', 'units/classroom-tunnel.socket'])
      assert.ok(list.includes(`/usr/local/lib/classroom-tunnel/${file}`), list.join(' '));
    for (const file of [
      'classroom-tunnel/classroom-tunnel.bash',
      'man/man1/classroom-tunnel.1',
      'zsh/site-functions/_classroom-tunnel',
    ])
      assert.ok(list.includes(`/usr/local/share/${file}`), list.join(' '));
    for (const entry of list) assert.equal(statSync(installed(entry)).isDirectory(), entry.endsWith('/'), entry);
  });

  it('installs nothing when a file is damaged', () => {
    appendFileSync(inside('cli.js'), '\n');
    const { status, stderr } = install();
    assert.deepEqual([status, /damaged/.test(stderr)], [1, true]);
    assert.equal(statSync(installed('usr'), { throwIfNoEntry: false }), undefined);
  });

  it('names the way out when Node is too old', () => {
    const old = path.join(folder, 'old-node');
    writeFileSync(old, '#!/bin/sh\n[ "$1" = --version ] && echo v18.19.0\nexit 1\n', { mode: 0o755 });
    const { status, stderr } = install({ NODE: old });
    assert.equal(status, 1);
    assert.match(stderr, /Node 20\.12 or newer is needed[^]*old-node is v18\.19\.0[^]*apt-get install -y nodejs/);
  });

  it('is made of the same bytes each time', async () => {
    const again = path.join(folder, 'again.tar.gz');
    await packageTarball({ version: '1.2.3', vsix: path.join(folder, 'any.vsix'), tarball: again });
    assert.ok(readFileSync(again).equals(readFileSync(path.join(folder, 'archive.tar.gz'))));
  });
});
