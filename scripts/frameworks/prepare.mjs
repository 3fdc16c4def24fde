// Makes a project of the matrix in the cache, once for each version.
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { cacheRoot, cached } from '../setup/cache.mjs';
import { runOrFail } from '../setup/processes.mjs';
import { withProgress } from '../setup/progress.mjs';

const SOURCES = join(import.meta.dirname, '../../test/frameworks/sources');
const NODE_24 = '24.21.0';
/** Where the text of the file that is edited is kept as it was, beside the project. */
const PRISTINE = 'pristine';

/** No tool reports to its maker: a test has nothing to say to them. */
const SILENT = {
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  NG_CLI_ANALYTICS: 'false',
};

const frameworksRoot = (env) => join(cacheRoot(env), 'frameworks');

/** The environment of a generator or an install: the machine's own, without what an npm that runs us has set, and without news. */
function projectEnvironment(env, nodeFolder) {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|CI$|PORT$)/i.test(name))),
    PATH: [nodeFolder, env.PATH].filter(Boolean).join(delimiter),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    ...SILENT,
  };
}

/** The folder of a node executable that is new enough for a project; undefined where the one that runs this is. */
async function provideNode(wanted, env) {
  if (Number(process.versions.node.split('.')[0]) >= wanted) return dirname(process.execPath);
  const name = `node-linux-${process.arch}`;
  const folder = await cached(frameworksRoot(env), `node-${NODE_24}-${process.arch}`, async (building) => {
    await writeFile(join(building, 'package.json'), '{"private":true}\n');
    await withProgress(`Installing Node ${NODE_24} for the newest tools`, () =>
      runOrFail('npm', ['install', '--save-exact', `${name}@${NODE_24}`], {
        cwd: building,
        env: projectEnvironment(env),
      }),
    );
  });
  return join(folder, 'node_modules', name, 'bin');
}

async function make(project, building, env) {
  const app = join(building, 'app');
  if (project.generator === undefined) await mkdir(app);
  else await runOrFail('npx', ['--yes', ...project.generator], { cwd: building, env: { ...env, CI: '1' } });
  for (const file of project.remove ?? []) await rm(join(app, file));
  await layOver(project, app);
  if (project.installs !== true) await runOrFail('npm', ['install'], { cwd: app, env });
  await writeFile(join(building, PRISTINE), await readFile(join(app, project.edit.file)));
}

async function layOver(project, app) {
  for (const folder of project.sources ?? []) await cp(join(SOURCES, folder), app, { recursive: true });
}

/** The cache's name for it: another generator call or another package.json makes another project. */
async function keyOf(project) {
  const last = project.sources?.at(-1);
  const packages =
    last === undefined ? '' : await readFile(join(SOURCES, last, 'package.json'), 'utf8').catch(() => '');
  const identity = createHash('sha256')
    .update(JSON.stringify([project.generator, project.remove, packages]))
    .digest('hex');
  return `${project.name}-${project.version}-${identity.slice(0, 8)}`;
}

/**
 * The project's folder, as its generator made it, with nothing left of an earlier run's edit, and what it is started with.
 * @param {import('./projects.mjs').Project} project
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function prepare(project, env = process.env) {
  const nodeFolder = await provideNode(project.node, env);
  const environment = projectEnvironment(env, nodeFolder);
  const folder = await cached(frameworksRoot(env), await keyOf(project), (building) =>
    withProgress(`Making ${project.name} ${project.version}`, () => make(project, building, environment)),
  );
  const app = join(folder, 'app');
  await cp(join(folder, PRISTINE), join(app, project.edit.file));
  await layOver(project, app);
  return { ...project, folder: app, nodeFolder, variables: SILENT };
}
