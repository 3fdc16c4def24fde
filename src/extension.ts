// The composition root of the window: builds the parts, wires them, and hands them to VS Code to dispose of.
// It has no token and no network access: it runs the command-line tool for every change.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ShellId } from './shell/processIds.ts';
import { testApi, type TestApi } from './vscode/testApi.ts';
import type { Info } from './window/cli/events.ts';
import { runCommand, type CommandLine } from './window/cli/run.ts';
import { applyToAllProfiles } from './vscode/allProfiles.ts';
import { ClassView } from './vscode/classView.ts';
import { registerCommands, type CommandContext } from './vscode/commands.ts';
import { applyInfo } from './vscode/applyInfo.ts';
import { followConfiguration, infoStore } from './vscode/infoStore.ts';
import { applyVariables, terminalVariables } from './vscode/terminalEnvironment.ts';
import { startGuardian } from './window/cli/guardian.ts';
import { Heartbeat, beatSeconds } from './window/heartbeat.ts';
import { ReloadMemory } from './window/reloadMemory.ts';
import { problemFor } from './messages/messages.ts';
import { setLanguage } from './messages/texts.ts';
import { InfoCache } from './window/cli/info.ts';
import { notifyLive, notifyProblem, notifyLocalLink } from './vscode/notifications.ts';
import { VisitorsView } from './vscode/siteViews.ts';
import { Relays, type RelaysOptions } from './window/server/relays.ts';
import { commandLine, readSettings, type Settings } from './window/settings.ts';
import { leaseOf, type SiteEvent } from './window/site/siteState.ts';
import { describeState } from './window/site/windowState.ts';
import { accessOf, toggleVisibility } from './vscode/privacy.ts';
import { StatusBar } from './vscode/statusBar.ts';
import { startStopwatch } from './vscode/stopwatch.ts';
import type { TerminalWatch } from './vscode/terminalWatch.ts';
import { SiteStatusFiles } from './window/teacher/siteStatus.ts';
import { Window, type WindowPorts } from './window/window.ts';

const settings = (): Settings => readSettings(vscode.workspace.getConfiguration('classroomTunnel'));

/** Builds what must exist at once. Reading the configuration and scanning the terminals start right after it returns. */
export function activate(context: vscode.ExtensionContext): TestApi {
  const stopwatch = startStopwatch();
  setLanguage({ name: vscode.env.language, translate: (text) => vscode.l10n.t(text) });
  const log = vscode.window.createOutputChannel('Classroom Tunnel', { log: true });
  const logLine = (message: string): void => log.info(message);
  const command = (): CommandLine => commandLine(settings(), context.extensionPath, process.execPath, process.env);
  const info = buildInfo(context, logLine, command);
  const dispatch = (port: number, event: SiteEvent): void => window.dispatch({ type: 'site', port, event });
  const onVisitors: RelaysOptions['onVisitors'] = (publication, now) => {
    statusBar.draw(window.state);
    statusFiles.save(window.state);
    visitors.draw(publication, now);
  };
  const relays = buildRelays(context, log, { command, info, dispatch, onVisitors });
  const typeAgain = (shell: ShellId, line: string): void => void watching.then((watch) => watch.typeAgain(shell, line));
  const window = buildWindow(context, log, { command, relays, typeAgain, refresh: () => void refresh() });
  const reloadMemory = new ReloadMemory(context.globalStorageUri.fsPath, logLine);
  const statusBar = new StatusBar(info, relays);
  const statusFiles = new SiteStatusFiles(info, relays);
  const visitors = new VisitorsView();
  const watching: Promise<TerminalWatch> = afterThis(async () => {
    const { startWatching } = await import('./vscode/terminalWatch.ts');
    return startWatching({ window, reloadMemory, info, relays, log: logLine, context });
  });
  const view = new ClassView(command);
  const refresh = async (): Promise<Info | undefined> => {
    await info.refresh();
    applyInfo(context, info.current, relays, view);
    (await watching).scanAll();
    return info.current;
  };
  context.subscriptions.push(
    log,
    window,
    statusBar,
    visitors,
    view,
    { dispose: () => void watching.then((watch) => watch.dispose()) },
    ...registerCommands(commandContext({ window, log, refresh, info, relays, visitors, watching })),
    ...onConfigurationChange(command(), () => void refresh()),
    watchWindow(window, watching),
    watchState(window, statusBar, reloadMemory, statusFiles, logLine),
  );
  statusBar.draw(window.state);
  // The cached answer of the last window sets the variables before this window creates a terminal.
  if (info.current) applyVariables(context.environmentVariableCollection, terminalVariables(info.current));
  for (const start of [refresh, () => applyToAllProfiles(context)])
    afterThis<unknown>(start).catch((error: unknown) => log.error(error instanceof Error ? error : String(error)));
  return testApi(window, stopwatch(), logLine);
}

function watchState(
  window: Window,
  statusBar: StatusBar,
  reloadMemory: ReloadMemory,
  statusFiles: SiteStatusFiles,
  log: (line: string) => void,
): { dispose(): void } {
  return window.onDidChange((state) => {
    statusBar.draw(state);
    reloadMemory.save(state);
    statusFiles.save(state);
    log(`state: ${describeState(state)}`);
  });
}

function commandContext({
  info,
  relays,
  watching,
  ...rest
}: Pick<CommandContext, 'window' | 'log' | 'refresh' | 'visitors'> & {
  info: InfoCache;
  relays: Relays;
  watching: Promise<TerminalWatch>;
}): CommandContext {
  return {
    ...rest,
    watchedCommands: () => info.watched.commands,
    toggleVisibility: () => toggleVisibility(info.current),
    shellForManualPublish: async () => (await watching).activeShell() ?? 'window',
    visitorsOf: (port) => relays.visitorsOf(port),
    look: (port) => void watching.then((watch) => watch.lookAt(port)),
    showServer: async () => (await watching).showServer(),
  };
}

/** Does nothing: the guardian notices the end of this process, and a reload must not wait. */
export function deactivate(): void {}

function buildInfo(
  { globalState }: vscode.ExtensionContext,
  log: (message: string) => void,
  command: () => CommandLine,
): InfoCache {
  return new InfoCache((args) => runCommand(command(), args, { onText: log }), infoStore(globalState), log);
}

function buildWindow(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  {
    command,
    refresh,
    ...ports
  }: { command: () => CommandLine; refresh: () => void } & Pick<WindowPorts, 'relays' | 'typeAgain'>,
): Window {
  const script = join(context.extensionPath, 'shell-integration', 'guardian.sh');
  return new Window({
    run: async (args, options) => {
      log.info(`classroom-tunnel ${args.join(' ')}`);
      const outcome = await runCommand(command(), args, { onText: (line) => log.info(line), ...options });
      if (outcome.event === 'error' && outcome.code === 'private-unasked') refresh();
      return outcome;
    },
    startGuardian: (holder, onLost) =>
      startGuardian(command(), { script, graceSeconds: settings().graceSeconds, holder, onLost }),
    ...ports,
    notifyLive,
    notifyProblem: (problem) => {
      log.warn(`${problem.title}. ${problem.message} ${problem.action}`);
      notifyProblem(problem);
    },
    log: (message) => log.info(message),
    now: Date.now,
    at: callAt,
    windowId: `window-${randomUUID()}`,
  });
}

function buildRelays(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  {
    command,
    info,
    dispatch,
    onVisitors,
  }: Pick<RelaysOptions, 'onVisitors'> & {
    command: () => CommandLine;
    info: InfoCache;
    dispatch: (port: number, event: SiteEvent) => void;
  },
): Relays {
  return new Relays({
    command: [process.execPath, join(context.extensionPath, 'dist', 'relay.cjs')],
    // A debugger sets NODE_OPTIONS for the extension host; the relay must not inherit them.
    env: { ...command().env, NODE_OPTIONS: undefined },
    graceSeconds: () => settings().graceSeconds,
    folder: () => info.current?.socketFolder ?? undefined,
    access: () => accessOf(info.current, settings()),
    usesPorts: () => info.current?.usesRelayPorts ?? false,
    allow: () => info.current?.allowForVisitors ?? [],
    log: (message) => log.info(message),
    onLocalLink: notifyLocalLink((message) => log.info(message)),
    ...(onVisitors && { onVisitors }),
    onBlocked: ({ hostname }, { target }) => notifyProblem(problemFor('request-blocked', { hostname, target })),
    onLost: (port, reason, lasts) => {
      log.info(`visitors do not reach port ${port}: ${reason.text}`);
      dispatch(port, { type: 'lost', reason, ...(lasts && { lasts }) });
    },
    onReachedAgain: (port) => dispatch(port, { type: 'reachedAgain' }),
  });
}

/** Sends heartbeats to the window, only while something is public. */
function watchWindow(window: Window, watching: Promise<TerminalWatch>): vscode.Disposable {
  let beats = 0;
  const limitSeconds = (): number => settings().awayMinutes * 60;
  const heartbeat = new Heartbeat({
    ping: () => vscode.commands.executeCommand('setContext', 'classroomTunnel.heartbeat', ++beats),
    onSilent: (seconds) => window.dispatch({ type: 'windowSilent', seconds, limitSeconds: limitSeconds() }),
    onAnswer: () =>
      void watching.then((watch) => {
        watch.scanAll(); // commands that have ended are not published again
        window.dispatch({ type: 'windowAnswers' });
      }),
  });
  const following = window.onDidChange((state) => {
    if ([...state.sites.values()].some((site) => leaseOf(site) !== undefined))
      heartbeat.start(beatSeconds(limitSeconds()));
    else heartbeat.stop();
  });
  return new vscode.Disposable(() => {
    heartbeat.stop();
    following.dispose();
  });
}

/** Reacts to the student's settings, and to the configuration of the class. */
function onConfigurationChange(command: CommandLine, react: () => void): { dispose(): void }[] {
  const settingsChange = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration('classroomTunnel')) react();
  });
  return [settingsChange, followConfiguration(command, react)];
}

/** Starts after the current turn of the event loop, so that activation does not wait. */
const afterThis = <T>(start: () => Promise<T>): Promise<T> =>
  new Promise((resolve) => setImmediate(() => resolve(start())));

function callAt(time: number, callback: () => void): { cancel(): void } {
  const timer = setTimeout(callback, Math.max(0, time - Date.now()));
  return { cancel: () => clearTimeout(timer) };
}
