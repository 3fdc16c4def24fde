/** A whole class of one student on this machine: the Cloudflare stand-in, the configuration, the student's folder, and their code-server. */
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installExtensions, startCodeServer } from './codeServer.ts';
import type { CodeServer, CodeServerOptions } from './codeServer.ts';
import { endMarked } from './marked.ts';
import { startStandIn } from '../standin/standIn.ts';
import type { StandIn } from '../standin/standIn.ts';

export const STUDENT = 'student1';
const FAVOURITE_PORT = 3000;
/** How long what runs in the student's terminals has, after SIGTERM, until it is killed. */
const PATIENCE_MILLISECONDS = 4_000;
const APP = fileURLToPath(new URL('app', import.meta.url));

export interface ClassroomOptions {
  /** The code-server executable: see scripts/setup/codeServer.mjs. */
  readonly codeServer: string;
  /** VSIX files to install, or the folder in which they are installed already. */
  readonly extensions: readonly string[] | string;
  /** The student's app, copied for them; the demo's own when absent. */
  readonly app?: string;
  /** code-server's own port; any free one when absent. */
  readonly port?: number;
  readonly settings?: CodeServerOptions['settings'];
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The port that the class would like to give to the student, if it is free; 3000, as in every example, when absent. */
  readonly favouritePort?: number;
  /** The domain of the sites; `localhost`, under which every browser finds its own machine, when absent. */
  readonly zoneName?: string;
  /** What visitors type, as in the configuration; the stand-in's edge, by plain HTTP, when absent. */
  readonly publicUrl?: string;
  /** Keys of the configuration that differ from the default class. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Ends the start when it is aborted; what was started by then is ended too. */
  readonly signal?: AbortSignal;
}

export interface Classroom {
  readonly standIn: StandIn;
  readonly codeServer: CodeServer;
  readonly configFile: string;
  readonly stateDir: string;
  /** The student's folder, open in the window. */
  readonly folder: string;
  /** The port that the configuration gives to the student. */
  readonly port: number;
  readonly hostname: string;
  /** What a visitor opens. */
  readonly siteUrl: string;
  /** Everything that was started carries this name: see marked.ts. */
  readonly markName: string;
  /** Starts code-server again in the same folders, after its end. */
  readonly restartCodeServer: () => Promise<CodeServer>;
  /** Ends everything that was started, in the window's terminals too, and removes every temporary file. */
  readonly close: () => Promise<void>;
}

/** A port that nobody listens on: the favourite one, unless it is taken. */
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

/** The student's home: a short prompt, and their app. */
async function makeHome(home: string, app: string): Promise<string> {
  const folder = join(home, 'my-site');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, '.bashrc'), `PS1='${STUDENT}:\\w$ '\n`);
  await cp(app, folder, { recursive: true });
  return folder;
}

/** Starts a class. What was started is ended again when a later step fails. */
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
    const {
      codeServer: executable,
      extensions,
      environment,
      settings = {},
      flags = [],
      port: windowPort = 0,
    } = options;
    const extensionsDir = typeof extensions === 'string' ? extensions : join(root, 'extensions');
    if (typeof extensions !== 'string') await installExtensions(executable, extensions, root, extensionsDir);
    const start = async (): Promise<CodeServer> =>
      (running.codeServer = await startCodeServer({
        executable,
        root,
        extensionsDir,
        folder,
        markName,
        settings,
        flags,
        port: windowPort,
        environment: { CLASSROOM_TUNNEL_CONFIG: configFile, CLASSROOM_TUNNEL_USER: STUDENT, ...environment },
        trustedDomains: ['*.localhost:*'],
      }));
    const hostname = `${STUDENT}.${zoneName}`;
    const siteUrl = publicUrl.replace('{hostname}', hostname);
    const codeServer = await start();
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
      restartCodeServer: start,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
