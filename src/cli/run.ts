// `run -- COMMAND`: a development server whose site lives exactly as long as the command.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assignedPort, hostnameOf, publicUrl } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { projectRoot } from '../relay/projectRoot.ts';
import { startRelay, type RelayProcess } from '../relay/relayProcess.ts';
import { sniffPort } from '../relay/sniffPort.ts';
import { reloadPorts } from '../relay/reload.ts';
import { findTarget } from '../relay/target.ts';
import { listenersOfTree } from '../shell/devServer.ts';
import type { ActionContext } from './actions.ts';
import { ownSocketFolder } from './relaySocket.ts';
import type { Report } from './report.ts';
import { openSession } from './session.ts';

/** Milliseconds between two looks at the ports of the command. */
const interval = 500;

interface Site {
  readonly port: number;
  readonly hostname: string;
  readonly url: string;
  /** Of the relay. */
  readonly socket: string;
  readonly variable: string;
}

/**
 * Runs a command with the student's port, and publishes it through a relay. Ends the process with the exit code of the command.
 * @param publish runs the command line tool with these arguments
 * @throws FixableError `no-port`, `relay-missing`
 */
export async function run(
  context: ActionContext,
  [file = '', ...args]: readonly string[],
  publish: (args: readonly string[]) => Promise<number>,
): Promise<never> {
  const site = findSite(context);
  const holder = `run-${process.pid}-${Date.now()}`;
  mkdirSync(dirname(site.socket), { recursive: true, mode: 0o755 });
  const relay = await startRelay({
    command: [process.execPath, relayProgram()],
    socket: site.socket,
    publicUrl: site.url,
    hostname: site.hostname,
    graceSeconds: 0,
    env: { PATH: context.env['PATH'] },
  });
  const guardian = startGuardian(holder, context.env);
  const env = { ...context.env, [site.variable]: String(site.port), CLASSROOM_TUNNEL_URL: site.url };
  const command = spawn(file, args, { stdio: 'inherit', env });
  const ended = exitCodeOf(command, context.report);
  passSignalsOn(command, context.stop);
  const words = ['publish', '-p', String(site.port), '--relay', '--holder', holder];
  if (command.pid !== undefined)
    await Promise.all([
      publish([...words, '--run-pid', String(command.pid), '--holder-pid', String(guardian.pid), '--sentence']),
      followServer(command, relay, site.port, ended),
    ]);
  guardian.stdin?.end();
  if (guardian.exitCode === null) await once(guardian, 'exit');
  relay.end();
  process.exit(await ended);
}

/** @throws FixableError `no-port` */
function findSite(context: ActionContext): Site {
  const { config, caller } = openSession(context.report, context);
  const variable = config.portVariable;
  const port = Number(context.env[variable] ?? assignedPort(config, caller.user));
  if (!Number.isInteger(port))
    throw new FixableError('no-port', { variable, assignment: `export ${variable}=<your port>` });
  const hostname = hostnameOf(config, caller.user, port);
  const socket = join(ownSocketFolder(config, caller), `${port}.sock`);
  return { port, hostname, url: publicUrl(config, hostname), socket, variable };
}

/** The relay beside this program, or where the README installs it. @throws FixableError `relay-missing` */
function relayProgram(): string {
  const folders = [dirname(realpathSync(process.argv[1] ?? '')), '/usr/local/lib/classroom-tunnel'];
  const found = folders.map((folder) => join(folder, 'relay.cjs')).find((path) => existsSync(path));
  if (found === undefined) throw new FixableError('relay-missing', { folders: folders.join(' or ') });
  return found;
}

/** Takes the site down when this process ends, however it ends: the kernel closes the pipe. */
function startGuardian(holder: string, env: NodeJS.ProcessEnv): ChildProcess {
  const script = 'trap "" HUP INT; cat >/dev/null; exec "$@" </dev/null';
  const words = [process.execPath, process.argv[1] ?? '', 'release', '--holder', holder];
  return spawn('/bin/sh', ['-c', script, 'sh', ...words], {
    env,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

async function exitCodeOf(command: ChildProcess, report: Report): Promise<number> {
  return new Promise((resolve) => {
    command.once('error', (error) => {
      report.warn(error.message);
      resolve(127);
    });
    command.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/** A signal of the terminal reaches the command without us. */
function passSignalsOn(command: ChildProcess, stop: AbortSignal): void {
  stop.addEventListener('abort', () => {
    const name = (stop.reason as Error).message as NodeJS.Signals;
    if (name !== 'SIGINT' || !process.stdin.isTTY) command.kill(name);
  });
}

/** Tells the relay where the command listens, until the command ends. */
async function followServer(command: ChildProcess, relay: RelayProcess, port: number, ended: Promise<number>) {
  const root = projectRoot(process.cwd(), homedir());
  let told = '';
  while (command.pid !== undefined && command.exitCode === null && command.signalCode === null) {
    const listeners = listenersOfTree(command.pid);
    const target = await findTarget(listeners, port, sniffPort);
    const beside = reloadPorts(listeners);
    const place = target ? JSON.stringify([target, beside]) : '';
    if (place !== told) relay.setTarget(target ? { ...target, root, beside } : null);
    told = place;
    await Promise.race([delay(interval, undefined, { ref: false }), ended]);
  }
}
