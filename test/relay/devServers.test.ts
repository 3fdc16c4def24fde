import assert from 'node:assert/strict';
import { devServers, isDevServerName, serverOfProcesses } from '../../src/relay/devServers.ts';

/** Command lines as /proc shows them while these servers run. */
const examples: readonly (readonly [string | undefined, readonly string[]])[] = [
  ['Vite', ['node', '/app/node_modules/.bin/vite']],
  ['Vite', ['node', '/app/node_modules/.bin/vite', 'dev']],
  ['Vite', ['node', '/app/node_modules/vite/bin/vite.js', '--host']],
  [undefined, ['node', '/app/node_modules/.bin/vite', 'build']],
  [undefined, ['node', '/app/node_modules/.bin/vitest']],
  ['Next.js', ['node', '/app/node_modules/.bin/next', 'dev']],
  ['Next.js', ['next-server (v16.4.3)', '', '']],
  [undefined, ['node', '/app/node_modules/.bin/next', 'build']],
  ['Create React App', ['node', '/app/node_modules/.bin/react-scripts', 'start']],
  ['Create React App', ['/usr/bin/node', '/app/node_modules/react-scripts/scripts/start.js']],
  ['webpack-dev-server', ['webpack', '', '']],
  ['webpack-dev-server', ['node', '/app/node_modules/.bin/webpack', 'serve', '--open']],
  ['Angular', ['ng serve (app)', '']],
  ['Angular', ['node', '/app/node_modules/.bin/ng', 'serve']],
  ['Nuxt', ['node', '/app/node_modules/.bin/nuxt', 'dev']],
  ['Astro', ['node', '/app/node_modules/.bin/astro', 'dev']],
  ['React Router', ['node', '--conditions=development', '/app/node_modules/.bin/react-router', 'dev']],
  ['Parcel', ['node', '/app/node_modules/.bin/parcel']],
  ['Hugo', ['hugo', 'server', '-D']],
  ['Hugo', ['/usr/bin/hugo', 'serve']],
  [undefined, ['hugo', 'new', 'site']],
  ['Django', ['python3', 'manage.py', 'runserver', '3000']],
  ['Django', ['/home/student1/env/bin/python', '/home/student1/env/bin/django-admin', 'runserver']],
  [undefined, ['python3', 'manage.py', 'migrate']],
  [undefined, ['node', 'server.mjs']],
  [undefined, ['npm run dev', '']],
  [undefined, ['bash', '--norc']],
];

describe('relay/devServers', () => {
  for (const [name, argv] of examples)
    it(`recognises "${argv.join(' ').trim()}" as ${name ?? 'no known server'}`, () =>
      assert.equal(serverOfProcesses([{ argv: ['npm run dev'] }, { argv }]), name));

  it('has an example, a usable fix and a name of its own for each server', () => {
    const names = devServers.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, fix } of devServers) {
      assert.ok(
        examples.some(([known]) => known === name),
        name,
      );
      assert.ok(isDevServerName(name));
      const { file, fix: line } = fix('student1.example.com');
      assert.ok(file !== '' && (line.includes('student1.example.com') || /^[A-Z_]+=true$/.test(line)), line);
    }
    assert.equal(isDevServerName('Express'), false);
  });
});
