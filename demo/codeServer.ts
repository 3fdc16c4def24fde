/** Starts a real code-server in temporary folders, with default settings, as a student's browser IDE. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ended, mark } from './marked.ts';

/** A Unix account by its numbers. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface CodeServerOptions {
  /** The executable: see scripts/setup/codeServer.mjs. */
  readonly executable: string;
  /** A temporary folder for this code-server's data and the student's home. */
  readonly root: string;
  /** See `installExtensions`. */
  readonly extensionsDir: string;
  /** The folder to open in the window. */
  readonly folder: string;
  /** Marks every process that it starts: see marked.ts. */
  readonly markName: string;
  /** Added to the environment of code-server, which the extension host and every terminal inherit. */
  readonly environment: Readonly<Record<string, string>>;
  /** Hosts that links may open without a question, as the flag --link-protection-trusted-domains takes them. */
  readonly trustedDomains: readonly string[];
  /** The machine's and the user's settings.json; VS Code's defaults when absent. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** The account to run as; only root can choose another than its own. */
  readonly account?: Account | undefined;
  /** Further flags. */
  readonly flags?: readonly string[] | undefined;
  /** Any free port when 0 or absent. */
  readonly port?: number | undefined;
}

export interface CodeServer {
  /** The window's address, `http://127.0.0.1:PORT/?folder=…`. */
  readonly url: string;
  readonly host: string;
  /** The process id of the main process. */
  readonly pid: number;
  readonly home: string;
  /** The folder of its logs and of its windows' logs. */
  readonly logs: string;
  /** The output of the main process so far. */
  readonly log: () => string;
  /** Resolves when the main process has ended for whatever reason. */
  readonly ended: Promise<void>;
  /** Sends SIGTERM to its process group, as a service manager does, and waits for the end of the main process. */
  readonly stop: () => Promise<void>;
}

/** Variables that would make code-server or the student's tools believe that they run inside npm, git, another editor or a service. */
const FOREIGN =
  /^(npm_|GIT_|VSCODE_|ELECTRON_|CODE_SERVER_|CLASSROOM_TUNNEL_|CLOUDFLARE_)|^(INIT_CWD|PORT|NODE|NODE_OPTIONS|NODE_ENV|PASSWORD|HASHED_PASSWORD|TERM_PROGRAM.*|TMUX|STY|BASH_ENV|PROMPT_COMMAND|CI)$/;

/** The environment of a fresh login: the machine's, without the variables of the program that started this one. */
export function studentEnvironment(machine: NodeJS.ProcessEnv, home: string): Record<string, string> {
  const kept = Object.entries(machine).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.test(entry[0]),
  );
  const path = (machine.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return {
    ...Object.fromEntries(kept.filter(([name]) => !name.startsWith('XDG_'))),
    PATH: path.join(':'),
    HOME: home,
    SHELL: '/bin/bash',
    npm_config_update_notifier: 'false',
  };
}

const places = ({ root, extensionsDir }: Pick<CodeServerOptions, 'root' | 'extensionsDir'>): string[] => [
  '--user-data-dir',
  join(root, 'data'),
  '--extensions-dir',
  extensionsDir,
  '--config',
  join(root, 'config.yaml'),
];

/**
 * Installs VSIX files into `extensionsDir`, which several code-servers can use.
 * @param root a temporary folder
 */
export async function installExtensions(
  executable: string,
  vsixFiles: readonly string[],
  root: string,
  extensionsDir: string,
): Promise<void> {
  const env = studentEnvironment(process.env, root);
  for (const vsix of vsixFiles) {
    await promisify(execFile)(executable, [...places({ root, extensionsDir }), '--install-extension', vsix], { env });
  }
}

/**
 * Starts it and waits until it listens.
 * @throws an Error with its output when it ends before that
 */
export async function startCodeServer(options: CodeServerOptions): Promise<CodeServer> {
  const [home, machineData, userData, temporary] = ['home', 'data/Machine', 'data/User', 'tmp'].map((folder) =>
    join(options.root, folder),
  ) as [string, string, string, string];
  for (const folder of [home, machineData, userData, temporary]) await mkdir(folder, { recursive: true });
  if (options.settings)
    for (const folder of [machineData, userData])
      await writeFile(join(folder, 'settings.json'), JSON.stringify(options.settings, undefined, 2));

  if (options.account) await giveTo(options.account, options.root);
  const env = {
    ...studentEnvironment(process.env, home),
    TMPDIR: temporary,
    ...options.environment,
    ...mark(options.markName),
  };
  return listen(options, env, home, [
    ...places(options),
    '--auth',
    'none',
    '--bind-addr',
    `127.0.0.1:${options.port ?? 0}`,
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
    ...options.trustedDomains.flatMap((domain) => ['--link-protection-trusted-domains', domain]),
    ...(options.flags ?? []),
  ]);
}

/** Gives a folder and everything in it to an account. */
async function giveTo({ uid, gid }: Account, folder: string): Promise<void> {
  await promisify(execFile)('chown', ['--recursive', `${uid}:${gid}`, folder]);
}

async function listen(
  options: CodeServerOptions,
  env: NodeJS.ProcessEnv,
  home: string,
  args: readonly string[],
): Promise<CodeServer> {
  const child = spawn(options.executable, args, {
    ...options.account,
    cwd: options.folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const host = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`code-server ended with code ${String(code)}:\n${lines.join('\n')}`)),
    );
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const address = /HTTP server listening on http:\/\/(\S+?)\/?$/.exec(line)?.[1];
        if (address !== undefined) resolve(address);
      });
    }
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error('code-server has no process id');
  return {
    url: `http://${host}/?folder=${encodeURI(options.folder)}`,
    host,
    pid,
    home,
    logs: join(options.root, 'data/logs'),
    log: () => lines.join('\n'),
    ended: ended(child),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGTERM');
      await ended(child);
    },
  };
}
