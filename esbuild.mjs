// Builds what is shipped: the bundles of the window, the command and the relay, each one file.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { lateModules } from './scripts/late.mjs';

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Names stay, so that the stack and the class of an error are readable in a student's log; `keepNames` would slow each start.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: process.argv.includes('--sourcemap'),
  logLevel: 'warning',
};

/** The code of others shortens its names too. @type {import('esbuild').BuildOptions} */
const foreign = { ...common, minify: true };

/** Packages that the window loads late, each from a file of its own. */
const own = ['unbash', 'qrcode-generator'];

await mkdir('dist', { recursive: true });
// The sources are ES modules; what is shipped is CommonJS, which starts faster and which VS Code loads.
await writeFile('dist/package.json', '{"type":"commonjs"}\n');
await Promise.all([
  // The parser of shell lines is twice as big as the rest of the window, and few windows draw a QR code: files of their own.
  build({
    ...common,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.cjs',
    external: ['vscode', ...own.map((name) => `./${name}.cjs`)],
    alias: Object.fromEntries(own.map((name) => [name, `./${name}.cjs`])),
  }),
  ...own.map((name) =>
    build({ ...foreign, conditions: ['require'], entryPoints: [name], outfile: `dist/${name}.cjs` }),
  ),
  build({ ...common, entryPoints: ['src/relay/main.ts'], outfile: 'dist/relay.cjs' }),
  build({
    ...common,
    entryPoints: ['src/cli.ts'],
    outfile: 'dist/cli.js',
    // SIGUSR1 makes node open its inspector, through which a student could read the token. There is no place to open it at
    // this address (RFC 5737), in every version of node; `--disable-sigusr1` is not known to node 20.
    banner: { js: '#!/usr/bin/env -S node --inspect-port=192.0.2.1:9229' },
    plugins: [lateModules(/(^@clack\/prompts|^csv-parse\/sync|\/sdk\.ts)$/, foreign)],
  }),
]);
await chmod('dist/cli.js', 0o755);
