import assert from 'node:assert/strict';
import { nameServer } from '../../src/relay/devServers.ts';

/** As /proc shows them while these servers run (their newest versions, on Linux). */
const SEEN: readonly (readonly [string | undefined, readonly string[]])[] = [
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
  [undefined, ['node', 'server.mjs']],
  [undefined, ['npm run dev', '']],
  [undefined, ['bash', '--norc']],
];

describe('relay/devServers', () => {
  for (const [name, argv] of SEEN)
    it(`takes "${argv.join(' ').trim()}" for ${name ?? 'none that is known'}`, () =>
      assert.equal(nameServer([{ argv: ['npm run dev'] }, { argv }]), name));
});
