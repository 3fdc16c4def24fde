// `npm run test:frameworks [-- NAME…]`: starts every popular dev server in a real code-server and visits it through the link in a
// real browser. The last line is the summary.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './frameworks/prepare.mjs';
import { projects } from './frameworks/projects.mjs';
import { packageExtension } from './package.mjs';
import { provideChromium } from './setup/chromium.mjs';
import { provideCodeServer } from './setup/codeServer.mjs';
import { provideSystem } from './setup/debian.mjs';
import { provideDependencies } from './setup/dependencies.mjs';
import { SetUpError, endOnSignals, removeWhenStopped, run } from './setup/processes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Marks every process that the run starts, directly or not, so that none is left at its end. */
const MARK = 'MATRIX_RUN_OF_CLASSROOM_TUNNEL';
const name = randomUUID();
const PATIENCE_MILLISECONDS = 5_000;

/** A project that cannot be made fails; the others are still checked. */
async function prepareAll(chosen) {
  const prepared = [];
  const failed = [];
  for (const project of chosen) {
    try {
      prepared.push(await prepare(project));
    } catch (error) {
      if (!(error instanceof SetUpError)) throw error;
      failed.push(`${project.name}: cannot be made: ${error.message}`);
    }
  }
  return { prepared, failed };
}

async function main(names) {
  const unknown = names.filter((one) => !projects.some((project) => project.name === one));
  if (unknown.length > 0)
    throw new SetUpError(
      `There is no project ${unknown.join(', ')}. There are: ${projects.map((project) => project.name).join(', ')}`,
    );
  await provideDependencies(root);
  await provideSystem([{ what: 'openssl', commands: ['openssl'], packages: ['openssl'] }]);
  const folder = await mkdtemp(join(tmpdir(), 'frameworks-'));
  removeWhenStopped(folder);
  try {
    const env = {
      ...process.env,
      [MARK]: name,
      CHROMIUM: await provideChromium(),
      CODE_SERVER: await provideCodeServer(),
      VSIX: join(folder, 'classroom-tunnel.vsix'),
    };
    await packageExtension(env.VSIX);
    const all = await prepareAll(projects.filter((project) => names.length === 0 || names.includes(project.name)));
    await writeFile(join(folder, 'projects.json'), JSON.stringify(all));
    return (
      await run(process.execPath, ['--import', 'tsx', 'test/frameworks/main.ts', folder], {
        cwd: root,
        env,
        show: process.stdout,
      })
    ).code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const endMarked = async () =>
  (await (await import('tsx/esm/api')).tsImport('../demo/marked.ts', import.meta.url)).endMarked(
    name,
    PATIENCE_MILLISECONDS,
    MARK,
  );

endOnSignals({ last: endMarked });
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetUpError ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
