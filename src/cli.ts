import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { makeProgram } from './cli/program.ts';
import { exitCodes } from './messages/exitCodes.ts';

/** Composition root of the command: the process's arguments, environment, streams and signals go in, an exit code comes out. */
async function main(): Promise<number> {
  const stop = new AbortController();
  let exitCode: number = exitCodes.done;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    // A change that is under way is finished (or undone) first; who only waits leaves at once.
    process.on(signal, () => {
      exitCode = 128 + number;
      stop.abort(new Error(signal));
    });
  }
  const program = makeProgram(
    {
      out: (line) => {
        print(1, line);
      },
      err: (line) => {
        print(2, line);
      },
      env: process.env,
      stop: stop.signal,
    },
    (code) => {
      exitCode ||= code;
    },
  );
  program.exitOverride();
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  // A signal that came while nothing was waited for is heard in the event loop's next turn: after the rest of this one.
  await setImmediate();
  await setImmediate();
  return exitCode;
}

/** Synchronous, so that nothing is lost when the process ends; a reader who left is no error of ours. */
function print(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

main().then(
  (code) => {
    process.exit(code);
  },
  (error: unknown) => {
    // Not an error that a person can mend: a bug, and its stack is what we need to see.
    console.error(error);
    process.exit(exitCodes.failed);
  },
);
