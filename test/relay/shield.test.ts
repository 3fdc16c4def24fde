import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockedPart, isShieldPart, shieldParts } from '../../src/relay/shield.ts';
import type { ShieldContext, ShieldPart } from '../../src/relay/shield.ts';

const root = '/home/student1/app';
const vite: ShieldContext = { server: 'Vite', root, allow: new Set() };
const unknown: ShieldContext = { server: undefined, root: undefined, allow: new Set() };

/** Requests that reached a file outside of the project, or control of the server, in the versions named. */
const attacks: readonly (readonly [ShieldPart, ...string[]])[] = [
  [
    'filesOutsideProject',
    // Vite 6.2.2 and 4.5.9: CVE-2025-30208
    '/@fs/etc/passwd?raw??',
    '/@fs/etc/passwd?import&raw??',
    '/@fs/home/student1/.config/code-server/config.yaml?import&raw??',
    // CVE-2025-31125 and -31486
    '/@fs/etc/passwd?import&?inline=1.wasm?init',
    '/@fs/etc/passwd?.svg?.wasm?init',
    `/@fs${root}/?/../../../../etc/passwd?import&?raw`,
    `/@fs${root}/?/../../../../etc/passwd`,
    // CVE-2025-32395
    `/@fs${root}/#/../../../../etc/passwd`,
    // CVE-2026-39365
    '/node_modules/.vite/deps/..%2f..%2f..%2fsecret.map',
    '/@fs/etc/passwd',
    `/@fs${root}/.config/code-server/config.yaml`,
    '/@fs/etc/passwd?raw',
    '/@fs/etc/passwd?url',
    '/@fs/etc/passwd?import',
    '/@fs//etc/passwd',
    '//@fs/etc/passwd',
    '/@fs/./etc/passwd',
    '/@fs/%65tc/passwd',
    '/%40fs/etc/passwd',
    '/%2540fs/etc/passwd',
    '/@fs%2fetc%2fpasswd',
    '/@fs\\etc\\passwd',
    `/@fs${root}/../../../etc/passwd`,
    `/@fs${root}/%2e%2e/secret`,
    `/@fs${root}/%252e%252e/secret`,
    `/@fs${root}/..%5csecret`,
    `/@fs${root}2/secret`,
    `/@fs${root}?/%2e%2e/%2e%2e/etc/passwd`,
    '/base/@fs/etc/passwd',
    '/_nuxt/@fs/etc/passwd',
    '/_image?href=%2F%40fs%2Fetc%2Fpasswd&f=webp',
    '/@id//etc/passwd?raw',
    '/@id/file:///etc/passwd?raw',
    '/__wds-outside-root__/9/etc/passwd',
    '/__wds-outside-root__/9/node_modules/../etc/passwd',
  ],
  [
    'developerEndpoints',
    '/__open-in-editor?file=/etc/passwd',
    '//__open-in-editor?file=x',
    '/%5f_open-in-editor?file=x',
    '/base/__open-in-editor?file=x',
    '/__openInEditor?file=x',
    '/__open-stack-frame-in-editor?fileName=x',
    '/__get-internal-source?fileName=x',
    '/webpack-dev-server',
    '/webpack-dev-server/open-editor?fileName=x',
    '/webpack-dev-server/invalidate',
    '/rsbuild-dev-server',
    '/__nextjs_launch-editor?file=x',
    '/__nextjs_restart_dev',
    '/__nextjs_disable_dev_indicator',
    '/__nextjs_attach-nodejs-inspector',
    '/__nextjs_devtools_config',
    '/shop/__nextjs_restart_dev',
    '/_next/mcp',
    '/shop/_next/mcp',
    '/__nuxt_devtools__/client/',
    '/_vfs.json',
    '/__inspect/',
    '/__parcel_launch_editor?file=x',
    '/__browser_sync__?method=reload',
    '/__docusaurus/debug',
    '/src:/etc/passwd',
  ],
  [
    'hiddenFiles',
    '/.env',
    '/.env.local?raw',
    '/.env?import&raw??',
    '/app/.env.production',
    '/%2eenv',
    '/.ENV',
    '/.git/config',
    '/.git',
    '/%2egit/config',
    '/%252egit/config',
    '/a/..%2f.git/config',
    '/x#/.git/config',
    '/.git%3fx/config',
    '/.ssh/id_ed25519',
    `/@fs${root}/.env`,
    `/@fs${root}/.git/config`,
  ],
  [
    'ambiguousTargets',
    '/#',
    '/page#/../secret',
    '/page.js?import&raw??',
    '/x?.svg?.wasm?init',
    '/cert.pem?inline=1.wasm?init',
    '/cert.pem?%72aw??',
    '/cert.pem?import=&url?&x',
    '/cert.pem?rat=1700000000000&w??raw&t=1700000000000',
    '/?/../../secret?x',
  ],
];

/** Requests that the pages of the matrix's tools send, and sites' own. */
const allowed = [
  '/',
  '/?q=.env',
  '/?q=%3F',
  '/a?redirect=/b?c=d',
  '/?a?b',
  '/login?next=/page?url=https://example.com',
  '/search?q=what??',
  '/import?raw',
  '/?redirect=https%3A%2F%2Fexample.com%2F%3Fa%3D1%23b',
  '/docs/webpack-dev-server',
  '/__openapi.json',
  '/environment.js',
  '/.gitignore',
  '/.well-known/security.txt',
  '/a//b/%2e%2e/c',
  '/@vite/client',
  '/@react-refresh',
  '/src/App.jsx?t=1700000000000',
  '/src/App.vue?vue&type=style&index=0&lang.css',
  '/node_modules/.vite/deps/react.js?v=abc123',
  '/@id/__x00__virtual:pwa-register',
  '/@id/astro:scripts/page.js',
  `/@fs${root}/node_modules/vite/dist/client/env.mjs`,
  `/@fs${root}`,
  `/_nuxt/@fs${root}/node_modules/nuxt/dist/app/entry.js`,
  `/_image?href=%2F%40fs${encodeURIComponent(root)}%2Fsrc%2Fcat.png%3ForigWidth%3D10&w=10&f=webp`,
  '/__vite_ping',
  '/_next/hmr?id=x',
  '/_next/webpack-hmr',
  '/__nextjs_font/geist-latin.woff2',
  '/__nextjs_original-stack-frames',
  '/ws',
  '/__webpack_dev_server__/sockjs.bundle.js',
  '/browser-sync/browser-sync-client.js?v=3.0.4',
  '/.11ty/reload-client.js',
  '/__web-dev-server__web-socket.js',
  '/__wds-outside-root__/1/node_modules/lit/index.js',
  '/invalidate',
];

describe('relay/shield', () => {
  for (const [part, ...targets] of attacks)
    for (const target of targets) {
      it(`blocks ${target}`, () => {
        assert.equal(blockedPart(target, vite), part);
        assert.notEqual(blockedPart(target, unknown), undefined);
      });
    }

  for (const target of allowed) it(`lets ${target} pass`, () => assert.equal(blockedPart(target, vite), undefined));

  it('protects webpack-dev-server from being made to compile', () => {
    assert.equal(blockedPart('/invalidate', { ...vite, server: 'Create React App' }), 'developerEndpoints');
  });

  it('lets packages alone pass under /@fs/ when the project is unknown', () => {
    assert.equal(blockedPart(`/@fs${root}/node_modules/vue/index.js`, unknown), undefined);
    assert.equal(blockedPart(`/@fs${root}/src/main.js`, unknown), 'filesOutsideProject');
    assert.equal(blockedPart(`/@fs${root}/node_modules/../.config/x`, unknown), 'filesOutsideProject');
  });

  it('applies no part that is switched off', () => {
    for (const [part, ...targets] of attacks)
      for (const target of targets) assert.notEqual(blockedPart(target, { ...vite, allow: new Set([part]) }), part);
    const all = new Set(Object.keys(shieldParts).filter(isShieldPart));
    for (const [, ...targets] of attacks)
      for (const target of targets) assert.equal(blockedPart(target, { ...vite, allow: all }), undefined);
    assert.equal(isShieldPart('toString'), false);
  });

  it('blocks a secret file however its path is encoded', () => {
    const encodings: ((character: string) => string)[] = [
      (character) => character,
      (character) => `%${character.charCodeAt(0).toString(16)}`,
      (character) => `%25${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom('/.env', '/.git/config', '/@fs/etc/passwd', '/__open-in-editor'),
        fc.array(fc.constantFrom(...encodings), { minLength: 20, maxLength: 20 }),
        fc.constantFrom('', '?raw', '?url', '?import&raw'),
        (path, encode, query) => {
          const encoded = path.slice(1).replace(/./g, (character, index: number) => encode[index]?.(character) ?? '');
          assert.notEqual(blockedPart(`/${encoded}${query}`, vite), undefined);
        },
      ),
    );
  });
});
