// Finds the tmux and screen servers that a terminal shows. Their programs are children of a server that belongs to no
// terminal; a client in the terminal's tree leads to the server by their common socket.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { descendants, environment, readProcess, type ProcessInfo } from './processes.ts';

/**
 * The servers of the tmux and screen clients that run under a process.
 * tmux is matched by its socket (-L, -S, TMUX_TMPDIR), screen by its session's name if the client gives one.
 */
export function multiplexerServers(pid: number, procRoot = '/proc'): number[] {
  const tree = descendants(pid, procRoot);
  const clients = tree.filter(({ argv }) => multiplexerOf(argv) !== undefined);
  if (clients.length === 0) return [];
  const inTree = new Set(tree.map((process) => process.pid));
  const servers = ownProcesses(clients, procRoot).filter((process) => !inTree.has(process.pid));
  return servers
    .filter((server) => clients.some((client) => serves(server, client, procRoot)))
    .map((server) => server.pid);
}

/** `tmux`, `tmux: client`, `tmux: server` -> tmux; `screen`, `SCREEN` -> screen. */
export function multiplexerOf([program = '']: readonly string[]): 'tmux' | 'screen' | undefined {
  const name = basename(program.split(/[: ]/, 1)[0] ?? '').toLowerCase();
  return name === 'tmux' || name === 'screen' ? name : undefined;
}

/** A key for the socket of a tmux command line: equal keys mean one server. */
export function tmuxSocket(argv: readonly string[], env: ReadonlyMap<string, string> | undefined): string {
  const words = argv.flatMap((word) => word.split(' '));
  const path = optionOf(words, '-S');
  if (path !== undefined) return path;
  return `${env?.get('TMUX_TMPDIR') ?? '/tmp'}/${optionOf(words, '-L') ?? 'default'}`;
}

/** The session that a screen command line names; undefined when it names none. */
export function screenSession(argv: readonly string[]): string | undefined {
  const words = argv.flatMap((word) => word.split(' '));
  const name = ['-S', '-r', '-x', '-R', '-d']
    .map((option) => optionOf(words, option))
    .find((value) => value !== undefined && !value.startsWith('-'));
  return name?.replace(/^\d+\./, '');
}

function serves(server: ProcessInfo, client: ProcessInfo, procRoot: string): boolean {
  const kind = multiplexerOf(server.argv);
  if (kind !== multiplexerOf(client.argv)) return false;
  if (kind === 'tmux') return socketOf(server, procRoot) === socketOf(client, procRoot);
  const [theirs, ours] = [screenSession(server.argv), screenSession(client.argv)];
  return theirs === undefined || ours === undefined || theirs === ours;
}

const socketOf = (process: ProcessInfo, procRoot: string): string =>
  tmuxSocket(process.argv, environment(process.pid, procRoot));

function optionOf(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  if (at >= 0) return words[at + 1];
  return words.find((word) => word.startsWith(option) && word.length > option.length)?.slice(option.length);
}

/** All of this user's tmux and screen processes. A server's parent is init or a reaper, so no tree leads to it. */
function ownProcesses(clients: readonly ProcessInfo[], procRoot: string): ProcessInfo[] {
  const uid = clients[0]?.uid;
  const pids = readdirSync(procRoot)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids
    .flatMap((pid) => readProcess(pid, procRoot) ?? [])
    .filter((process) => process.uid === uid && multiplexerOf(process.argv) !== undefined);
}
