import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DevServerName } from '../../src/relay/devServers.ts';
import { findUnsafeVersion } from '../../src/relay/unsafeVersions.ts';

describe('relay/unsafeVersions', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'project-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path: string, value: object): void {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(value));
  }
  const install = (name: string, version: string): void => {
    write('package.json', { devDependencies: { [name]: '*' } });
    write(`node_modules/${name}/package.json`, { name, version });
  };

  for (const [server, name, version, fix] of [
    ['Vite', 'vite', '4.5.9', 'npm install vite@5'],
    ['Vite', 'vite', '5.4.14', 'npm install vite@5'],
    ['Vite', 'vite', '6.2.2', 'npm install vite@6'],
    ['Vite', 'vite', '6.4.1', 'npm install vite@6'],
    ['Vite', 'vite', '7.1.4', 'npm install vite@7'],
    ['Vite', 'vite', '8.0.5-beta.1', 'npm install vite@8'],
    ['React Router', 'vite', '6.0.0', 'npm install vite@6'],
    ['Next.js', 'next', '14.2.35', 'npm install next@15'],
    ['Next.js', 'next', '15.5.2', 'npm install next@15'],
    ['Next.js', 'next', '16.2.5', 'npm install next@16'],
    ['Astro', 'astro', '5.14.2', 'npm install astro@7'],
    ['Nuxt', 'nuxt', '3.15.12', 'npm install nuxt@3'],
    ['webpack-dev-server', 'webpack-dev-server', '5.2.0', 'npm install webpack-dev-server@5'],
  ] as const) {
    it(`names ${name} ${version} of ${server}, and the command that repairs it`, () => {
      install(name, version);
      assert.deepEqual(findUnsafeVersion(server, folder), { name, version, fix });
    });
  }

  for (const [server, name, version] of [
    ['Vite', 'vite', '5.4.21'],
    ['Vite', 'vite', '6.4.2'],
    ['Vite', 'vite', '7.10.0'],
    ['Vite', 'vite', '8.0.5'],
    ['Vite', 'vite', '8.3.8'],
    ['Vite', 'vite', '9.0.0-beta.0'],
    ['Next.js', 'next', '15.5.18'],
    ['Next.js', 'next', '16.4.3'],
    ['webpack-dev-server', 'webpack-dev-server', '5.2.7'],
    ['Django', 'vite', '6.2.2'],
    [undefined, 'vite', '6.2.2'],
  ] as const satisfies readonly (readonly [DevServerName | undefined, string, string])[]) {
    it(`has nothing to say about ${name} ${version} of ${server ?? 'a server of the student'}`, () => {
      install(name, version);
      assert.equal(findUnsafeVersion(server, folder), undefined);
    });
  }

  it("finds the package of a workspace, and names its package manager's command", () => {
    for (const [lockFile, command] of [
      ['pnpm-lock.yaml', 'pnpm add vite@6'],
      ['yarn.lock', 'yarn add vite@6'],
      ['bun.lock', 'bun add vite@6'],
    ] as const) {
      install('vite', '6.2.2');
      write(lockFile, {});
      mkdirSync(join(folder, 'app/src'), { recursive: true });
      assert.equal(findUnsafeVersion('Vite', join(folder, 'app/src'))?.fix, command);
      rmSync(join(folder, lockFile));
    }
  });

  it('updates a package that another one has chosen, where that can help', () => {
    install('astro', '7.2.8');
    write('node_modules/vite/package.json', { version: '7.0.0' });
    assert.equal(findUnsafeVersion('Astro', folder)?.fix, 'npm update vite');
    install('@vue/cli-service', '5.0.9');
    write('node_modules/webpack-dev-server/package.json', { version: '4.15.2' });
    assert.equal(findUnsafeVersion('webpack-dev-server', folder), undefined);
  });

  it('has nothing to say while packages are installed', () => {
    assert.equal(findUnsafeVersion('Vite', folder), undefined);
    mkdirSync(join(folder, 'node_modules/vite'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/vite/package.json'), '{"version":');
    assert.equal(findUnsafeVersion('Vite', folder), undefined);
  });
});
