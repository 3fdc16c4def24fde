// Follows the list of the class, and runs the commands of a teacher.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseJson } from '../../json.ts';
import type { CommandLine } from '../cli/run.ts';
import { readClassList, type ClassList } from './classList.ts';

/** Milliseconds until a list that ended is followed again. */
const pauseBetween = 5_000;

export interface Following {
  /** Ends the child process. */
  end(): void;
}

/**
 * Runs `list --watch` until `end` is called.
 * @param command read again at each start
 * @param onProblem gets what a command said that ended without a list
 */
export function followClass(
  command: () => CommandLine,
  onList: (list: ClassList) => void,
  onProblem: (problem: string) => void,
): Following {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let stop = (): void => undefined;
  const start = (): void => {
    const { words, env } = command();
    const [file = '', ...first] = words;
    const child = spawn(file, [...first, 'list', '--watch', '--json'], {
      env,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    stop = () => void child.kill();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const list = readClassList(line);
      if (list && !isOver) onList(list);
      else said.push(problemOf(line) ?? '');
    });
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    child.once('error', ({ message }) => said.push(message));
    child.once('close', () => {
      if (isOver) return;
      const problem = said.filter(Boolean).join(' ');
      if (problem !== '') onProblem(problem);
      timer = setTimeout(start, pauseBetween);
    });
  };
  start();
  return {
    end: () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    },
  };
}

/** Runs a command of a teacher. @returns what went wrong; undefined if nothing did */
export async function runTeacherCommand(
  { words, env }: CommandLine,
  args: readonly string[],
): Promise<string | undefined> {
  const [file = '', ...first] = words;
  const child = spawn(file, [...first, ...args, '--json'], { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => said.push(line));
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  });
  if (code === 0) return undefined;
  return said.flatMap((line) => problemOf(line) ?? []).at(-1) ?? (said.at(-1) || String(code));
}

function problemOf(line: string): string | undefined {
  const event = parseJson(line) as { event?: unknown; message?: unknown; action?: unknown } | undefined;
  return event?.event === 'error' ? `${String(event.message)} ${String(event.action)}` : undefined;
}
