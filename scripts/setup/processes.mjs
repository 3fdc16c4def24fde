// Child processes of the set-up and of the test run. Each is in a process group of its own; none outlives this process.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { clearTimeout, setTimeout } from 'node:timers';

/** Something that a person can mend: shown as its message alone, without a stack. */
export class SetUpError extends Error {}

/** A test that runs has a code-server and a browser to end before it ends itself. */
const PATIENCE_MILLISECONDS = 15_000;

/** Of a failed command's output: enough for a compiler's error with the stack below it. */
const TAIL_LINES = 40;

/** The process groups that run, each with the promise of its end. */
const groups = new Map();
const temporary = new Set();
/** A signal has come: no command is started any more, and nobody goes on with the results of those that are ended. */
let ending = false;

/** A folder to be removed when this process is stopped by a signal. Returns the function that forgets it. */
export function removeWhenStopped(folder) {
  temporary.add(folder);
  return () => temporary.delete(folder);
}

/**
 * Runs a command to its end and gives its exit code and what it printed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, show?: NodeJS.WritableStream}} [options] show: where the output also
 *   goes while it comes.
 * @returns {Promise<{code: number, output: string}>} code is 127 when there is no such command and 128 when a signal ended it.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    if (ending) return;
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        options.show?.write(text);
      });
    }
    const end = new Promise((resolveEnd) => child.once('close', resolveEnd));
    if (child.pid !== undefined) groups.set(child.pid, end);
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => {
      groups.delete(child.pid);
      if (!ending) resolve({ code: code ?? 128, output });
    });
  });
}

/** As run(), but an exit code other than 0 is an error that ends with the last lines of the output. */
export async function runOrFail(command, args, options = {}) {
  const { code, output } = await run(command, args, options);
  if (code === 0) return output;
  const tail = output.trim().split('\n').slice(-TAIL_LINES).join('\n');
  throw new SetUpError(`"${[command, ...args].join(' ')}" failed with code ${code}:\n${tail}`);
}

/** Ends every command that runs, with everything in its group, and waits for that; kills what is not gone after the patience. */
async function endRunning(patienceMilliseconds) {
  const signalAll = (signal) => [...groups.keys()].forEach((group) => signalGroup(group, signal));
  const ends = Promise.all(groups.values());
  signalAll('SIGTERM');
  const timer = setTimeout(() => signalAll('SIGKILL'), patienceMilliseconds);
  await ends;
  clearTimeout(timer);
}

function signalGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * From now on SIGINT, SIGTERM and SIGHUP end every command that runs, remove the temporary folders, and end this process.
 * @param {{first?: () => Promise<void>, last?: () => Promise<void>}} [also] what has to be ended before and after the commands
 */
export function endOnSignals(also = {}) {
  const end = async (number) => {
    // npm passes a terminal's Ctrl-C on although the terminal has sent it to everybody already: once is enough.
    if (ending) return;
    ending = true;
    try {
      await also.first?.();
      await endRunning(PATIENCE_MILLISECONDS);
      await also.last?.();
    } finally {
      for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
      process.exit(128 + number);
    }
  };
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ])
    process.on(signal, () => end(number));
}
