// `run -- COMMAND`: a development server whose site lives exactly as long as the command.
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { assignedPort } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { serverVariables } from '../relay/serverVariables.ts';
import type { ActionContext } from './actions.ts';
import { RelayedSite, type RelayedSiteOptions } from './relayedSite.ts';
import { siteProcesses } from './siteProcesses.ts';
import type { Report } from './report.ts';
import { addressOf, openSession, type Session } from './session.ts';

/**
 * Runs a command with the student's port, and publishes it through a relay. Ends the process with the exit code of the command.
 * @throws FixableError `no-port`, `relay-missing`, `relay-failed`, `socket-foreign`
 */
export async function run(
  context: ActionContext,
  [file = '', ...args]: readonly string[],
  options: Pick<RelayedSiteOptions, 'tool' | 'say' | 'isPrivate'>,
): Promise<never> {
  const session = openSession(context.report, context);
  const port = portOf(session, context.env);
  const { url } = addressOf(session, port);
  const holder = `run-${process.pid}-${Date.now()}`;
  const site = await RelayedSite.open({ ...options, ...siteProcesses, session, port, holder, env: context.env });
  const command = spawn(file, args, {
    stdio: 'inherit',
    env: {
      ...Object.fromEntries(serverVariables(url)),
      ...context.env,
      CLASSROOM_TUNNEL_URL: url,
      [session.config.portVariable]: String(port),
    },
  });
  const over = exitCodeOf(command, context.report);
  passSignalsOn(command, context.stop);
  const { pid } = command;
  if (pid !== undefined)
    await site.serve({
      runPid: pid,
      serverPid: () => pid,
      folder: () => process.cwd(),
      isOver: () => command.exitCode !== null || command.signalCode !== null,
      over,
    });
  await site.close();
  process.exit(await over);
}

/** @throws FixableError `no-port` */
function portOf({ config, caller }: Session, env: NodeJS.ProcessEnv): number {
  const variable = config.portVariable;
  const port = Number(env[variable] ?? assignedPort(config, caller.user));
  if (!Number.isInteger(port))
    throw new FixableError('no-port', { variable, assignment: `export ${variable}=<your port>` });
  return port;
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
