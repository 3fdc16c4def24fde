// `publish-shell`: the site of a shell with a hook. It lives as long as the shell, and leads to the command that the hook announced.
import { hostname } from 'node:os';
import { checkPort } from '../provisioning/config.ts';
import { identifyOnHost, livenessOf } from '../provisioning/processIdentity.ts';
import { findDevServer } from '../shell/devServer.ts';
import { readFolder, readLink, readText } from '../shell/procFiles.ts';
import type { ActionContext } from './actions.ts';
import { RelayAccess } from './relayAccess.ts';
import { RelayedSite, type Tool } from './relayedSite.ts';
import { siteProcesses } from './siteProcesses.ts';
import { notPublic } from './report.ts';
import { openSession } from './session.ts';

export interface ShellSiteOptions {
  readonly port: number;
  readonly holder: string;
  readonly shellPid: number;
  readonly runPid?: number;
}

/**
 * Publishes through a relay until the shell ends. A second call for the same shell and port leaves that to the first.
 * @param say tells the student
 * @throws FixableError
 */
export async function publishShell(
  context: ActionContext,
  { port, holder, shellPid, runPid = shellPid }: ShellSiteOptions,
  tool: Tool,
  say: (line: string) => void,
): Promise<void> {
  const session = openSession(context.report, context);
  const { config, caller } = session;
  checkPort(config, caller.user, port);
  const first = serving(port, holder);
  if (first !== undefined) return publishAgain(context, first, { port, holder, runPid }, tool, say);
  const self = identifyOnHost(process.pid, hostname());
  const shell = identifyOnHost(shellPid, hostname());
  const commands = context.env['CLASSROOM_TUNNEL_COMMANDS']?.split('\n').filter((line) => line !== '');
  const watched = commands?.length ? commands : config.commands;
  const server = (): number | undefined => findDevServer(shellPid, watched, config.portVariable)?.process.pid;
  const site = await RelayedSite.open({ session, port, holder, env: context.env, tool, say, ...siteProcesses });
  await site.serve({
    runPid,
    serverPid: server,
    folder: () => readLink(`/proc/${server() ?? shellPid}/cwd`) ?? process.cwd(),
    isOver: () => isEnding(context.stop) || livenessOf(shell, self) === 'dead',
    over: new Promise<void>((resolve) =>
      context.stop.addEventListener('abort', () => {
        if (isEnding(context.stop)) resolve();
      }),
    ),
  });
  await site.close();
}

/** Ctrl+C is meant for the command. */
function isEnding(stop: AbortSignal): boolean {
  return stop.aborted && (stop.reason as Error).message !== 'SIGINT';
}

/** A process that serves this port for this holder. */
function serving(port: number, holder: string): number | undefined {
  return processes().find(
    (pid) => pid !== process.pid && hasWords(pid, ['publish-shell', '-p', String(port), '--holder', holder]),
  );
}

/** The publication's holder is the guardian of the process that serves it. */
async function publishAgain(
  context: ActionContext,
  first: number,
  { port, holder, runPid }: Omit<ShellSiteOptions, 'shellPid'>,
  tool: Tool,
  say: (line: string) => void,
): Promise<void> {
  const guardian = processes().find((pid) => parentOf(pid) === first && hasWords(pid, ['release', '--holder', holder]));
  if (guardian === undefined) return; // it is just starting, or ending
  const session = openSession(context.report, context);
  const isPrivate = new RelayAccess(session, context.env).current !== undefined;
  const words = ['publish', '-p', String(port), '--relay', '--holder', holder, ...(isPrivate ? ['--private'] : [])];
  const event = await tool([...words, '--run-pid', String(runPid), '--holder-pid', String(guardian)]);
  say(
    event['event'] === 'published'
      ? `your site is at ${String(event['url'])}`
      : notPublic({ message: String(event['message']), action: String(event['action']) }),
  );
}

const processes = (): number[] => readFolder('/proc').map(Number).filter(Number.isInteger);

function hasWords(pid: number, words: readonly string[]): boolean {
  return readText(`/proc/${pid}/cmdline`)?.includes(`\0${words.join('\0')}\0`) ?? false;
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1]);
}
