// Composition root of the command: arguments, environment, streams and signals go in, an exit code comes out.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { runProgram } from './cli/program.ts';
import { hidingSecrets } from './cli/report.ts';
import { exitCodes } from './messages/exitCodes.ts';

const streams = hidingSecrets({ out: (line) => print(1, line), err: (line) => print(2, line) });

async function main(): Promise<number> {
  const stop = new AbortController();
  let exitCode: number = exitCodes.done;
  listenToSignals((name, number) => {
    exitCode = 128 + number;
    stop.abort(new Error(name));
  });
  const code = await runProgram(process.argv.slice(2), {
    ...streams,
    env: process.env,
    peer: undefined,
    stop: stop.signal,
    isTerminal: process.stdout.isTTY,
  });
  // The event loop delivers a signal that came in the meantime only in its next turn.
  await setImmediate();
  await setImmediate();
  return exitCode || code;
}

/** A change under way is finished or undone before the process ends; a request that only waits is withdrawn at once. */
function listenToSignals(onEnd: (name: string, number: number) => void): void {
  const ending = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
  for (const [name, number] of Object.entries(ending)) process.on(name, () => onEnd(name, number));
  // A caller must not stop a process that may hold the lock, nor open node's inspector (see the first line of the bundle).
  for (const name of ['SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1'] as const) process.on(name, () => undefined);
}

/** Writes synchronously, so that no output is lost when the process ends. A reader that has left is not an error. */
function print(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    // Not an error that a person can fix: a bug, whose stack is needed.
    streams.err(inspect(error));
    process.exit(exitCodes.failed);
  },
);
