// Runs the command-line tool as a child process, through which the window makes every change.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { exitCodes } from '../../messages/exitCodes.ts';
import { problemFor } from '../../messages/messages.ts';
import { isOutcome, readEvent } from './events.ts';
import type { CliError, CliEvent, CliOutcome } from './events.ts';

/** The words and the environment to call the command with. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface RunOptions {
  /** Gets every event before the last one. */
  readonly onEvent?: (event: CliEvent) => void;
  /** Gets lines that are not events, and the messages on stderr. */
  readonly onText?: (line: string) => void;
  /** Seconds without output after which the command is ended. */
  readonly silenceSeconds?: number;
}

/**
 * Runs `<command> <args> --json`.
 * @returns the last event. Never rejects: a command that cannot be started or ends without an answer gives an error event.
 */
export async function runCommand(
  command: CommandLine,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CliOutcome> {
  try {
    return await runChild(command, args, options);
  } catch (error) {
    // The machine is out of processes, or the words are not valid arguments.
    return noAnswer(command.words[0] ?? '', String(error), []);
  }
}

async function runChild(command: CommandLine, args: readonly string[], options: RunOptions): Promise<CliOutcome> {
  const [file = '', ...words] = command.words;
  const messages: string[] = [];
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
  // Resolves with the answer, not with the end: the command may go on to serve other requests in the queue.
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
      messages.push(line);
      options.onText?.(line);
    }),
  ]);
  const unanswered = ended.then(async (end) => {
    watchdog.stop();
    // After a failed start there is no output to wait for, and a grandchild may hold the pipes open.
    if (child.pid !== undefined) await reading;
    return noAnswer(file, end, messages);
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

function noAnswer(file: string, end: string, messages: readonly string[]): CliError {
  const problem = [`${end}.`, ...messages.slice(-3)].join(' ');
  return { event: 'error', ...problemFor('no-answer', { file, problem }), exitCode: exitCodes.failed };
}
