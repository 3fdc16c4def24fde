/** A class of one student on this machine: the Cloudflare stand-in, the configuration, the student's folder and code-server. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installExtensions, startCodeServer, studentEnvironment } from './codeServer.ts';
import type { CodeServer, CodeServerOptions } from './codeServer.ts';
import { endMarked } from './marked.ts';
import { startStandIn } from '../standin/standIn.ts';
import type { StandIn } from '../standin/standIn.ts';

export const STUDENT = 'student1';
const FAVOURITE_PORT = 3000;
/** The time between SIGTERM and SIGKILL for the processes of the student's terminals. */
const PATIENCE_MILLISECONDS = 4_000;
const APP = fileURLToPath(new URL('app', import.meta.url));

export interface ClassroomOptions {
  /** The code-server executable: see scripts/setup/codeServer.mjs. */
  readonly codeServer: string;
  /** VSIX files to install, or a folder of installed extensions. */
  readonly extensions: readonly string[] | string;
  /** The folder of the app to copy for the student; the demo's own when absent. */
  readonly app?: string;
  /** The port of code-server; any free one when absent. */
  readonly port?: number;
  readonly settings?: CodeServerOptions['settings'];
  readonly flags?: CodeServerOptions['flags'];
  readonly account?: CodeServerOptions['account'];
  readonly environment?: Readonly<Record<string, string>>;
  /** The student's port, if it is free; 3000, as in every example, when absent. */
  readonly favouritePort?: number;
  /** The domain of the sites; `localhost`, which every browser resolves to its own machine, when absent. */
  readonly zoneName?: string;
  /** The configuration's `publicUrl`; the stand-in's edge over plain HTTP when absent. */
  readonly publicUrl?: string;
  /** Keys that are added to the configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Aborts the start, and ends everything that was started by then. */
  readonly signal?: AbortSignal;
}

export interface Classroom {
  readonly standIn: StandIn;
  readonly codeServer: CodeServer;
  readonly configFile: string;
  readonly stateDir: string;
  /** The student's project folder, a git repository, which the window opens. */
  readonly folder: string;
  /** The port that the configuration gives to the student. */
  readonly port: number;
  readonly hostname: string;
  /** The site's public address. */
  readonly siteUrl: string;
  /** The mark of every process that was started: see marked.ts. */
  readonly markName: string;
  /** Starts code-server again in the same folders, after it has ended. */
  readonly restartCodeServer: () => Promise<CodeServer>;
  /** Ends everything that was started, terminals included, and removes every temporary file. */
  readonly close: () => Promise<void>;
}

/** Finds a free TCP port: the favourite one, unless it is taken. */
export async function freePort(favourite: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve) => {
      server.once('error', () => server.listen(0, '127.0.0.1', resolve));
      server.listen(favourite, resolve);
    });
    return (server.address() as AddressInfo).port;
  } finally {
    server.close();
    await once(server, 'close');
  }
}

/** Writes the configuration and the token beside it, as a teacher would. */
async function writeConfiguration(
  root: string,
  standIn: StandIn,
  changes: Readonly<Record<string, unknown>>,
): Promise<{ configFile: string; stateDir: string }> {
  const configFile = join(root, 'config.json');
  const tokenFile = join(root, 'token');
  const stateDir = join(root, 'state');
  await writeFile(tokenFile, `${standIn.token}\n`);
  await chmod(tokenFile, 0o600);
  const { zone } = standIn.world;
  await writeFile(
    configFile,
    JSON.stringify(
      {
        accountId: standIn.accountId,
        tunnelId: standIn.tunnelId,
        zoneId: standIn.zoneId,
        hostname: `{user}.${zone.name}`,
        tokenFile: basename(tokenFile),
        stateDir,
        connectorUrl: standIn.connectorUrl,
        apiBaseUrl: standIn.apiUrl,
        allowUserOverride: true,
        ...changes,
      },
      undefined,
      2,
    ),
  );
  return { configFile, stateDir };
}

/** Makes the folder a git repository with one commit, as a cloned project is. @throws when git is not installed */
async function makeRepository(folder: string, home: string): Promise<void> {
  const git = (...args: readonly string[]): Promise<unknown> =>
    promisify(execFile)('git', args, { cwd: folder, env: studentEnvironment(process.env, home) });
  await git('init', '--quiet');
  await git('add', '.');
  const author = ['-c', `user.name=${STUDENT}`, '-c', `user.email=${STUDENT}@example.com`];
  await git(...author, 'commit', '--quiet', '--message', 'My site');
}

/** Makes the student's home with a short prompt and the app. Returns the app's folder. */
async function makeHome(home: string, app: string): Promise<string> {
  const folder = join(home, 'my-site');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, '.bashrc'), `PS1='${STUDENT}:\\w$ '\n`);
  await cp(app, folder, { recursive: true });
  await makeRepository(folder, home);
  return folder;
}

/** Installs the extensions, unless they are a folder already. @returns what starts a code-server with them */
async function prepareCodeServer(
  { codeServer: executable, extensions, environment, settings, account, flags, port }: ClassroomOptions,
  { root, folder, markName, configFile }: { root: string; folder: string; markName: string; configFile: string },
): Promise<() => Promise<CodeServer>> {
  const extensionsDir = typeof extensions === 'string' ? extensions : join(root, 'extensions');
  if (typeof extensions !== 'string') await installExtensions(executable, extensions, root, extensionsDir);
  return () =>
    startCodeServer({
      executable,
      root,
      extensionsDir,
      folder,
      markName,
      settings,
      account,
      flags,
      port,
      environment: { CLASSROOM_TUNNEL_CONFIG: configFile, CLASSROOM_TUNNEL_USER: STUDENT, ...environment },
      trustedDomains: ['*.localhost:*'],
    });
}

/** Starts a class. When a step fails, everything that was started before it is ended. */
export async function startClassroom(options: ClassroomOptions): Promise<Classroom> {
  const root = await mkdtemp(join(tmpdir(), 'classroom-tunnel-'));
  const markName = basename(root);
  const { zoneName = 'localhost' } = options;
  const running: { standIn?: StandIn; codeServer?: CodeServer } = {};
  const close = async (): Promise<void> => {
    await running.codeServer?.stop();
    await endMarked(markName, PATIENCE_MILLISECONDS);
    await running.standIn?.close();
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const standIn = (running.standIn = await startStandIn({ zoneName }));
    const port = await freePort(options.favouritePort ?? FAVOURITE_PORT);
    const { publicUrl = `http://{hostname}:${standIn.edgePort}` } = options;
    const { configFile, stateDir } = await writeConfiguration(root, standIn, {
      publicUrl,
      ports: { [STUDENT]: port },
      ...options.configuration,
    });
    const folder = await makeHome(join(root, 'home'), options.app ?? APP);
    options.signal?.throwIfAborted();
    const start = await prepareCodeServer(options, { root, folder, markName, configFile });
    const restartCodeServer = async (): Promise<CodeServer> => (running.codeServer = await start());
    const hostname = `${STUDENT}.${zoneName}`;
    const siteUrl = publicUrl.replace('{hostname}', hostname);
    const codeServer = await restartCodeServer();
    return {
      standIn,
      codeServer,
      configFile,
      stateDir,
      folder,
      port,
      hostname,
      siteUrl,
      markName,
      restartCodeServer,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
