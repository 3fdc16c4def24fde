// Reports what other extensions start in this extension host: servers in the process itself, such as Live Server's, and
// child processes. Node reports both on diagnostics channels, so nothing is polled.
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import { Disposable } from 'vscode';
import { listenersOfTree } from '../shell/devServer.ts';

/** Milliseconds from the start of a child process to each look, while it runs: most of them end at once. */
const looks = [1_000, 3_000, 10_000];

const listens = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null && listenersOfTree(pid).length > 0;

/** Calls back when a server of the extension host's own listens, and when a child process is found to listen. */
export function watchExtensionServers(onChange: () => void): Disposable {
  const timers = new Set<NodeJS.Timeout>();
  const later = (isDue: () => boolean, milliseconds: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (isDue()) onChange();
    }, milliseconds);
    timer.unref();
    timers.add(timer);
  };
  const listened = (message: unknown): void => {
    const address = (message as { server: Server }).server.address();
    if (address !== null && typeof address !== 'string') later(() => true, 0);
  };
  const started = (message: unknown): void => {
    const child = (message as { process: ChildProcess }).process;
    for (const milliseconds of looks) later(() => listens(child), milliseconds);
  };
  const channels = [
    ['tracing:net.server.listen:asyncEnd', listened],
    ['child_process', started],
  ] as const;
  for (const [name, listener] of channels) subscribe(name, listener);
  return new Disposable(() => {
    for (const [name, listener] of channels) unsubscribe(name, listener);
    for (const timer of timers) clearTimeout(timer);
  });
}
