// Runs the command line tool as a child process: the only way in which the window gets anything done.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { exitCodes } from '../../messages/exitCodes.ts';
import { problemFor } from '../../messages/messages.ts';
import { isOutcome, readEvent } from './events.ts';
import type { CliError, CliEvent, CliOutcome } from './events.ts';

/** How to call the command: its words and the environment it gets. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface RunOptions {
  /** Every event before the last one, as it comes. */
  readonly onEvent?: (event: CliEvent) => void;
  /** Lines that are no event, and what the command says to people. */
  readonly onText?: (line: string) => void;
  /** A command that says nothing for so long is ended. Seconds. */
  readonly silenceSeconds?: number;
}

/**
 * Runs `<command> <args> --json`.
 * @returns the last event. It never throws: a command that cannot be started, or ends without an answer, is an error event too.
 */
export async function runCommand(
  command: CommandLine,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CliOutcome> {
  try {
    return await runChild(command, args, options);
  } catch (error) {
    // No process left, or words that no program can be called with.
    return noAnswer(command.words[0] ?? '', String(error), []);
  }
}

async function runChild(command: CommandLine, args: readonly string[], options: RunOptions): Promise<CliOutcome> {
  const [file = '', ...words] = command.words;
  const said: string[] = [];
  const child = spawn(file, [...words, ...args, '--json'], {
    env: command.env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const watchdog = endWhenSilent(options.silenceSeconds ?? 360, () => child.kill());
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(signal ? `it was ended by ${signal}` : `it ended with code ${code ?? '?'}`),
    );
  });
  let answer: (outcome: CliOutcome) => void;
  // Its answer is all we wait for: a command that has given it may go on to serve others who wait in the queue.
  const answered = new Promise<CliOutcome>((resolve) => {
    answer = resolve;
  });
  const reading = Promise.all([
    readLines(child.stdout, (line) => {
      watchdog.heard();
      const event = readEvent(line);
      if (!event) return options.onText?.(line);
      if (isOutcome(event)) answer(event);
      else options.onEvent?.(event);
    }),
    readLines(child.stderr, (line) => {
      said.push(line);
      options.onText?.(line);
    }),
  ]);
  const unanswered = ended.then(async (end) => {
    watchdog.stop();
    // A grandchild may hold the pipes open after a failed start: what was not started says nothing.
    if (child.pid !== undefined) await reading;
    return noAnswer(file, end, said);
  });
  return Promise.race([answered, unanswered]);
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}

function endWhenSilent(seconds: number, end: () => void): { heard(): void; stop(): void } {
  const timer = setTimeout(end, seconds * 1000);
  timer.unref();
  return { heard: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

function noAnswer(file: string, end: string, said: readonly string[]): CliError {
  const problem = [`${end}.`, ...said.slice(-3)].join(' ');
  return { event: 'error', ...problemFor('no-answer', { file, problem }), exitCode: exitCodes.failed };
}
