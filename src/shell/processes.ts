// Reads running processes from /proc (see proc(5)). The reads are synchronous, because each file is small and in memory. A
// process that ends between two reads, or that hidepid hides, counts as "no such process". Tests pass another `procRoot`.
import { basename, join } from 'node:path';
import { wordsOfFirstCommand } from './devCommand.ts';
import { canonicalWords } from './packageScripts.ts';
import { readFolder, readLink, readText } from './procFiles.ts';

/** A process as it was when it was read. `pid` and `startTime` together name it for as long as the machine runs. */
export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  /** The effective user. */
  readonly uid: number;
  /** In clock ticks since boot (field 22 of /proc/PID/stat). */
  readonly startTime: number;
  /** As the process has it now: some rewrite it, npm to `["npm run dev", "", …]`. */
  readonly argv: readonly string[];
}

/** @returns undefined when there is no such process, it has ended (also as a zombie), or it is hidden from this user. */
export function readProcess(pid: number, procRoot = '/proc'): ProcessInfo | undefined {
  const folder = join(procRoot, String(pid));
  const stat = readText(join(folder, 'stat'));
  const status = readText(join(folder, 'status'));
  const commandLine = readText(join(folder, 'cmdline'));
  if (stat === undefined || status === undefined || commandLine === undefined) return undefined;
  // The name stands in parentheses and may itself hold blanks and parentheses; field 3 follows the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ppid] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1];
  return {
    pid,
    ppid: Number(ppid),
    uid: Number(uid),
    startTime: Number(fields[19]),
    argv: withoutLastNul(commandLine).split('\0'),
  };
}

/** Whether this process still runs; another process with a reused pid does not count. */
export function stillRuns({ pid, startTime }: Pick<ProcessInfo, 'pid' | 'startTime'>, procRoot = '/proc'): boolean {
  return readProcess(pid, procRoot)?.startTime === startTime;
}

/** The children of a process, oldest first as the kernel lists them. */
export function children(pid: number, procRoot = '/proc'): ProcessInfo[] {
  return childPids(pid, procRoot).flatMap((child) => readProcess(child, procRoot) ?? []);
}

/** Children, their children and so on, nearest first. A process whose parent has ended is in the tree of its new parent. */
export function descendants(pid: number, procRoot = '/proc'): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  const seen = new Set([pid]);
  for (let generation = children(pid, procRoot); generation.length > 0;) {
    const fresh = generation.filter((process) => !seen.has(process.pid));
    for (const process of fresh) seen.add(process.pid);
    found.push(...fresh);
    generation = fresh.flatMap((process) => children(process.pid, procRoot));
  }
  return found;
}

/**
 * The environment that a process was started with; its later changes are not visible.
 * @returns undefined when it has ended, or belongs to another user.
 */
export function environment(pid: number, procRoot = '/proc'): Map<string, string> | undefined {
  const text = readText(join(procRoot, String(pid), 'environ'));
  if (text === undefined) return undefined;
  const entries = text.split('\0').filter((entry) => entry.includes('='));
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** The folder that the process works in, without symbolic links; undefined when it has ended or belongs to another user. */
export function workingFolder(pid: number, procRoot = '/proc'): string | undefined {
  return readLink(join(procRoot, String(pid), 'cwd'));
}

/** The text of the port variable in a process; undefined if it has none, or if its environment cannot be read. */
export function portSeenBy(pid: number, variable: string, procRoot = '/proc'): string | undefined {
  return environment(pid, procRoot)?.get(variable);
}

/**
 * The process in the tree of a shell that runs a watched command. Of several, the one that started last; of nested ones (a
 * workspace's `npm run dev`), the outermost, because the student typed that one.
 */
export function findRunning(shellPid: number, watched: readonly string[], procRoot = '/proc'): ProcessInfo | undefined {
  const patterns = watched.map((line) => canonicalWords(wordsOfFirstCommand(line))).filter(({ length }) => length > 0);
  const runs = ({ argv }: ProcessInfo): boolean => patterns.some((words) => isRunning(argv, words));
  const shell = readProcess(shellPid, procRoot);
  const seen = new Set<number>();
  const found: ProcessInfo[] = [];
  for (let generation = shell ? [shell] : []; generation.length > 0;) {
    const fresh = generation.filter(({ pid }) => !seen.has(pid));
    for (const { pid } of fresh) seen.add(pid);
    found.push(...fresh.filter(runs));
    generation = fresh.filter((process) => !runs(process)).flatMap(({ pid }) => children(pid, procRoot));
  }
  return found.sort((a, b) => b.startTime - a.startTime || b.pid - a.pid)[0];
}

/** Every process that this user may see. */
export function processIds(procRoot = '/proc'): number[] {
  return readFolder(procRoot)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function childPids(pid: number, procRoot: string): number[] {
  const tasks = join(procRoot, String(pid), 'task');
  // Each thread has its own list: a child belongs to the thread that forked it.
  const lists = readFolder(tasks).map((thread) => readText(join(tasks, thread, 'children')));
  if (lists.some((list) => list !== undefined)) return lists.flatMap((list) => numbersIn(list ?? ''));
  // A kernel built without these lists (CONFIG_PROC_CHILDREN): ask every process for its parent.
  return lists.length === 0 ? [] : processIds(procRoot).filter((other) => readProcess(other, procRoot)?.ppid === pid);
}

function numbersIn(text: string): number[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

const interpreter = /^(node|nodejs|bun|deno|python[\d.]*|ruby|php|perl)$/;

/** @param words in their canonical spelling */
function isRunning(argv: readonly string[], words: readonly string[]): boolean {
  const [first = '', second = '', ...rest] = argv;
  // A process that gave itself a title (npm does) has all of it in the first argument, with the quotes gone.
  if (first.includes(' '))
    return `${canonicalWords(first.trimEnd().split(' ')).join(' ')} `.startsWith(`${words.join(' ')} `);
  const startsWithWords = (given: readonly string[]): boolean => {
    const spelled = canonicalWords(given);
    return words.every((word, index) => spelled[index] === word);
  };
  return (
    startsWithWords(argv) ||
    startsWithWords([basename(first), ...argv.slice(1)]) ||
    (interpreter.test(basename(first)) && startsWithWords([programName(second), ...rest]))
  );
}

/** The name by which a student calls a script: npm for `…/npm-cli.js`, pnpm for `…/pnpm.cjs`, yarn for `…/yarn-4.5.0.cjs`. */
function programName(script: string): string {
  return basename(script).replace(/(-cli)?(-[\d.]+)?\.[cm]?js$/, '');
}

function withoutLastNul(text: string): string {
  return text.endsWith('\0') ? text.slice(0, -1) : text;
}
