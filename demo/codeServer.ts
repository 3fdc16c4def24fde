/** Starts a real code-server in temporary folders, as a student's own browser IDE. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ended, mark } from './marked.ts';

export interface CodeServerOptions {
  /** The executable: see scripts/setup/codeServer.mjs. */
  readonly executable: string;
  /** A temporary folder of this code-server's own, for its data and the student's home. */
  readonly root: string;
  /** See `installExtensions`. */
  readonly extensionsDir: string;
  /** The folder that the window opens. */
  readonly folder: string;
  /** The name under which everything that it starts is found again: see marked.ts. */
  readonly markName: string;
  /** Added to the environment of code-server, and so of the extension host and of every terminal. */
  readonly environment: Readonly<Record<string, string>>;
  /** Hosts that links may lead to without a question, as the flag --link-protection-trusted-domains takes them. */
  readonly trustedDomains: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Further flags. */
  readonly flags?: readonly string[];
  /** 0, the default: any free port. */
  readonly port?: number;
}

export interface CodeServer {
  /** `http://127.0.0.1:PORT/?folder=…`: what to open. */
  readonly url: string;
  readonly host: string;
  /** The main process. */
  readonly pid: number;
  readonly home: string;
  /** The folder of its own logs and of its windows'. */
  readonly logs: string;
  /** What the main process has printed so far. */
  readonly log: () => string;
  /** Resolves when the main process has ended, however it did. */
  readonly ended: Promise<void>;
  /** Stops it as a service manager does, with SIGTERM to its process group, and waits for the main process's end. */
  readonly stop: () => Promise<void>;
}

/** Silent where a class's set-up would make it so; everything else is as a student finds it. */
const SETTINGS = {
  // VS Code's own notice of a listening port would stand beside ours.
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'terminal.integrated.defaultProfile.linux': 'bash',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  // Git brings variables for terminals when the folder is trusted, which is when the first terminal opens: VS Code then
  // starts that terminal's shell a second time. The student's folder here is no repository.
  'git.enabled': false,
  'chat.disableAIFeatures': true,
  'terminal.integrated.initialHint': false,
  // A browser without a graphics card draws a terminal faster as text, which a test and a screen reader can read too.
  'terminal.integrated.gpuAcceleration': 'off',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

/** What would make code-server or the student's tools believe that they run inside npm, another editor, or a service. */
const FOREIGN =
  /^(npm_|VSCODE_|ELECTRON_|CODE_SERVER_|CLASSROOM_TUNNEL_|CLOUDFLARE_)|^(INIT_CWD|PORT|NODE|NODE_OPTIONS|NODE_ENV|PASSWORD|HASHED_PASSWORD|TERM_PROGRAM.*|TMUX|STY|BASH_ENV|PROMPT_COMMAND|CI)$/;

/** The environment of a fresh login: the machine's own, without what this program's own caller put there. */
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
 * @param root a temporary folder of the caller's own
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
  const settings = JSON.stringify({ ...SETTINGS, ...options.settings }, undefined, 2);
  for (const folder of [machineData, userData]) await writeFile(join(folder, 'settings.json'), settings);

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

async function listen(
  options: CodeServerOptions,
  env: NodeJS.ProcessEnv,
  home: string,
  args: readonly string[],
): Promise<CodeServer> {
  const child = spawn(options.executable, args, {
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
