// Makes each project of the matrix once for each version, in the cache.
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { cacheRoot, cached } from '../setup/cache.mjs';
import { runOrFail } from '../setup/processes.mjs';
import { withProgress } from '../setup/progress.mjs';

const sources = join(import.meta.dirname, '../../test/frameworks/sources');
const node24 = '24.21.0';
/** The original of the file that a test edits, beside the project. */
const originalFile = 'pristine';

/** Switches off telemetry. */
const withoutTelemetry = {
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  NG_CLI_ANALYTICS: 'false',
};

const frameworksRoot = (env) => join(cacheRoot(env), 'frameworks');

/** For a generator or an install: without the variables of the npm that runs this script, and without notices. */
function projectEnvironment(env, nodeFolder) {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|CI$|PORT$)/i.test(name))),
    PATH: [nodeFolder, env.PATH].filter(Boolean).join(delimiter),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    ...withoutTelemetry,
  };
}

/** The folder of a node executable that is new enough for a project. */
async function provideNode(wanted, env) {
  if (Number(process.versions.node.split('.')[0]) >= wanted) return dirname(process.execPath);
  const name = `node-linux-${process.arch}`;
  const folder = await cached(frameworksRoot(env), `node-${node24}-${process.arch}`, async (building) => {
    await writeFile(join(building, 'package.json'), '{"private":true}\n');
    await withProgress(`Installing Node ${node24} for the newest tools`, () =>
      runOrFail('npm', ['install', '--save-exact', `${name}@${node24}`], {
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
  await addSources(project, app);
  if (project.installs !== true) await runOrFail('npm', ['install'], { cwd: app, env });
  await writeFile(join(building, originalFile), await readFile(join(app, project.edit.file)));
}

async function addSources(project, app) {
  for (const folder of project.sources ?? []) await cp(join(sources, folder), app, { recursive: true });
}

/** Its name in the cache: another generator call or another package.json makes another project. */
async function keyOf(project) {
  const last = project.sources?.at(-1);
  const packages =
    last === undefined ? '' : await readFile(join(sources, last, 'package.json'), 'utf8').catch(() => '');
  const identity = createHash('sha256')
    .update(JSON.stringify([project.generator, project.remove, packages]))
    .digest('hex');
  return `${project.name}-${project.version}-${identity.slice(0, 8)}`;
}

/**
 * Returns the project as its generator made it, without edits of an earlier run, and how to start it.
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
  await cp(join(folder, originalFile), join(app, project.edit.file));
  await addSources(project, app);
  return { ...project, folder: app, nodeFolder, variables: withoutTelemetry };
}
