// The composition root of the window: builds the parts, wires them, and hands them to VS Code to dispose of.
// It holds no token and knows no network: whatever is to be done, it runs the command line tool.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { testApi, type TestApi } from './vscode/api.ts';
import { runCommand, type CommandLine } from './vscode/command.ts';
import { registerCommands } from './vscode/commands.ts';
import { DevServerWatcher } from './vscode/devServerWatcher.ts';
import { applyVariables, terminalVariables } from './vscode/environment.ts';
import { startGuardian } from './vscode/guardian.ts';
import { Heartbeat, beatSeconds } from './vscode/heartbeat.ts';
import { Holds } from './vscode/holds.ts';
import { InfoSource } from './vscode/info.ts';
import { bursts } from './vscode/looker.ts';
import { tellLive, tellProblem } from './vscode/notifications.ts';
import { runs } from './vscode/observe.ts';
import { commandLine, readSettings, type Settings } from './vscode/settings.ts';
import { leaseOf } from './vscode/site.ts';
import { StatusBar } from './vscode/statusBar.ts';
import { Terminals } from './vscode/terminals.ts';
import { Window } from './vscode/window.ts';

/** Does what must be there at once; asking the configuration and looking into the terminals comes right after. */
export function activate(context: vscode.ExtensionContext): TestApi {
  const began = performance.now();
  const log = vscode.window.createOutputChannel('Classroom Tunnel', { log: true });
  const say = (message: string): void => log.info(message);
  const settings = (): Settings => readSettings(vscode.workspace.getConfiguration('classroomTunnel'));
  const command = (): CommandLine => commandLine(settings(), context.extensionPath, process.execPath, process.env);
  const info = new InfoSource((args) => runCommand(command(), args, { onText: say }), say);
  const window = buildWindow(context, log, command, () => settings().graceSeconds);
  const holds = new Holds(context.globalStorageUri.fsPath, say);
  const terminals = new Terminals({ window, holds, info, uid: process.getuid?.() ?? -1, log: say });
  const statusBar = new StatusBar(() => info.watched.commands);
  const servers = new DevServerWatcher({ dispatch: (event) => window.dispatch(event), look: (shell) => terminals.looker.look(shell, bursts.moment), uid: process.getuid?.() ?? -1 });
  const refresh = async () => {
    await info.refresh();
    applyVariables(context.environmentVariableCollection, terminalVariables(info.current));
    terminals.looker.lookAll();
    return info.current;
  };
  context.subscriptions.push(
    log, window, terminals, statusBar, servers,
    ...registerCommands({ window, log, refresh, handHolder: () => terminals.activeShell() ?? 'window' }),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('classroomTunnel') && void refresh()),
    watchWindow(window, terminals, settings),
    window.onDidChange((state) => {
      statusBar.draw(state);
      servers.follow(state);
      holds.save(state);
      say(`state: ${[...state.sites].map(([port, site]) => `${port || 'no port'} ${site.kind}`).join(', ') || 'idle'}`);
    }),
  );
  statusBar.draw(window.state);
  setImmediate(() => {
    holds.prune(runs);
    void refresh().then(() => terminals.start());
  });
  return testApi(window, performance.now() - began);
}

function buildWindow(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, command: () => CommandLine, graceSeconds: () => number): Window {
  const script = join(context.extensionPath, 'shell-integration', 'guardian.sh');
  return new Window({
    run: (args, options) => {
      log.info(`classroom-tunnel ${args.join(' ')}`);
      return runCommand(command(), args, { onText: (line) => log.info(line), ...options });
    },
    startGuardian: (holder, onLost) => startGuardian(command(), { script, graceSeconds: graceSeconds(), holder, onLost }),
    tellLive,
    tellProblem: (problem) => {
      log.warn(`${problem.title}. ${problem.message} ${problem.action}`);
      tellProblem(problem);
    },
    log: (message) => log.info(message),
    now: Date.now,
    at: callAt,
    windowId: `window-${randomUUID()}`,
  });
}

/** Nothing to do: the guardian sees that this process is gone, and a reload must not wait for anything. */
export function deactivate(): void {}

/** Asks the window whether it is there, only while something is public. */
function watchWindow(window: Window, terminals: Terminals, settings: () => Settings): vscode.Disposable {
  let beats = 0;
  const limitSeconds = (): number => settings().awayMinutes * 60;
  const heartbeat = new Heartbeat({
    ping: () => vscode.commands.executeCommand('setContext', 'classroomTunnel.heartbeat', ++beats),
    onSilent: (seconds) => window.dispatch({ type: 'windowSilent', seconds, limitSeconds: limitSeconds() }),
    onAnswer: () => {
      terminals.looker.lookAll(); // what has ended meanwhile is not published again
      window.dispatch({ type: 'windowAnswers' });
    },
  });
  const following = window.onDidChange((state) => {
    if ([...state.sites.values()].some((site) => leaseOf(site) !== undefined)) heartbeat.start(beatSeconds(limitSeconds()));
    else heartbeat.stop();
  });
  return new vscode.Disposable(() => {
    heartbeat.stop();
    following.dispose();
  });
}

function callAt(time: number, callback: () => void): { cancel(): void } {
  const timer = setTimeout(callback, Math.max(0, time - Date.now()));
  return { cancel: () => clearTimeout(timer) };
}
