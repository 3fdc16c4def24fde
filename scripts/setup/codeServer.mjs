// code-server: the one on the PATH when it is new enough, else a pinned one, compiled once into the cache.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheRoot, cached } from './cache.mjs';
import { findOnPath, provideSystem } from './debian.mjs';
import { SetUpError, run, runOrFail } from './processes.mjs';
import { withProgress } from './progress.mjs';

/** code-server 4.N carries VS Code 1.N; package.json's engines.vscode asks for this one. */
const OLDEST_MINOR = 100;
/**
 * The pinned versions, each with the Node that it is installed with and runs on, whatever Node the machine has. The oldest is
 * the first with the VS Code of engines.vscode.
 */
const PINNED = {
  newest: { version: '4.139.1', node: '24.21.0' },
  oldest: { version: `4.${OLDEST_MINOR}.0`, node: '20.20.2' },
};

const COMPILER = [
  { what: 'make', commands: ['make'], packages: ['make'] },
  { what: 'a C++ compiler', commands: ['g++'], packages: ['g++'] },
  { what: 'Python 3', commands: ['python3'], packages: ['python3'] },
  { what: 'the Kerberos headers', files: ['/usr/include/gssapi/gssapi.h'], packages: ['libkrb5-dev'] },
];

/** The version that an executable reports, as [major, minor, patch], or undefined when it does not run. */
async function versionOf(executable) {
  const { code, output } = await run(executable, ['--version']);
  const match = code === 0 ? /(\d+)\.(\d+)\.(\d+)/.exec(output) : null;
  return match === null ? undefined : match.slice(1).map(Number);
}

async function findNewEnough(env) {
  const path = findOnPath('code-server', env);
  if (path === undefined) return undefined;
  const [major, minor] = (await versionOf(path)) ?? [0, 0];
  return major > 4 || (major === 4 && minor >= OLDEST_MINOR) ? path : undefined;
}

/** Settings for npm that hold for npm 10 and 11 and whatever the machine's own npm configuration says. */
const installEnvironment = (env, node) => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_(config|package|lifecycle)_/i.test(name))),
  PATH: [join(node, 'bin'), env.PATH].join(delimiter),
  // Native parts must be built for the Node that will load them: its headers are in its own package.
  npm_config_nodedir: node,
  npm_config_jobs: 'max',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_ignore_scripts: 'false',
  // The oldest asks for the first where root installs it, and for the second to fetch node-gyp.
  npm_config_unsafe_perm: 'true',
  npm_config_yes: 'true',
  // npm 11 runs no install script that nobody has allowed, and code-server installs its parts by one, which has no
  // package.json of ours to allow them in. Their versions are pinned by code-server's shrinkwrap files.
  npm_config_dangerously_allow_all_scripts: 'true',
});

const LAUNCHER = `#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$here/node/bin/node" "$here/node_modules/code-server/out/node/entry.js" "$@"
`;

async function install(folder, { version, node: nodeVersion }, env) {
  const nodePackage = `node-linux-${process.arch}`;
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  const npm = (args, environment) => runOrFail('npm', args, { cwd: folder, env: environment });
  const node = join(folder, 'node_modules', nodePackage);
  await npm(['install', '--save-exact', `${nodePackage}@${nodeVersion}`], env);
  await npm(['install', '--save-exact', '--omit=dev', `code-server@${version}`], installEnvironment(env, node));
  await mkdir(join(folder, 'bin'));
  await writeFile(
    join(folder, 'bin', 'code-server'),
    LAUNCHER.replaceAll('$here/node/', `$here/node_modules/${nodePackage}/`),
  );
  await chmod(join(folder, 'bin', 'code-server'), 0o755);
  if ((await versionOf(join(folder, 'bin', 'code-server'))) === undefined) {
    throw new SetUpError('code-server was installed but does not start. Its folder was removed; try again.');
  }
}

/**
 * The executable of a code-server that can run this extension.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {keyof typeof PINNED} [age] the oldest is never one on the PATH
 * @returns {Promise<string>}
 * @throws {SetUpError} when it can be neither found nor installed
 */
export async function provideCodeServer(env = process.env, age = 'newest') {
  const found = age === 'newest' ? await findNewEnough(env) : undefined;
  if (found !== undefined) return found;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new SetUpError(
      'There is no code-server on the PATH, and it can be set up on Linux (x64, arm64) only. See https://coder.com/docs/code-server',
    );
  }
  const pinned = PINNED[age];
  const key = `code-server-${pinned.version}-node-${pinned.node}-${process.arch}`;
  const folder = await cached(cacheRoot(env), key, async (building) => {
    await provideSystem(COMPILER);
    await withProgress(`Installing code-server ${pinned.version} (compiles for some minutes, once)`, () =>
      install(building, pinned, env),
    );
  });
  return join(folder, 'bin', 'code-server');
}
