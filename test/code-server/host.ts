/** Runs suite/ inside a real extension host: code-server's, or that of the desktop VS Code that VSCODE names. */
import { fileURLToPath } from 'node:url';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const bundle = path('../../out/suite/index.cjs');

await build({
  entryPoints: [path('suite/index.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: 'inline',
  logLevel: 'warning',
  external: ['vscode', 'mocha'],
});
try {
  process.exitCode = await runTests({
    vscodeExecutablePath: process.env.VSCODE ?? path('launcher/code-server.sh'),
    extensionDevelopmentPath: path('../..'),
    extensionTestsPath: bundle,
  });
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
