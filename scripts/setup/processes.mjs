// Child processes of the set-up and of the test run. Each is in a process group of its own; none outlives this process.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Something that a person can mend: shown as its message alone, without a stack. */
export class SetUpError extends Error {}

const groups = new Set();
const temporary = new Set();

/** A folder to be removed when this process is stopped by a signal. Returns the function that forgets it. */
export function removeWhenStopped(folder) {
  temporary.add(folder);
  return () => temporary.delete(folder);
}

/**
 * Runs a command to its end and gives its exit code and what it printed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean}} [options] show: the output also goes to this process's
 *   stderr, which is where progress belongs (stdout may carry the one line of `--json`).
 * @returns {Promise<{code: number, output: string}>} code is 127 when there is no such command and 128 when a signal ended it.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd, env: options.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (options.show) process.stderr.write(text);
      });
    }
    if (child.pid !== undefined) groups.add(child.pid);
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => {
      groups.delete(child.pid);
      resolve({ code: code ?? 128, output });
    });
  });
}

/** As run(), but an exit code other than 0 is an error that ends with the last lines of the output. */
export async function runOrFail(command, args, options = {}) {
  const { code, output } = await run(command, args, options);
  if (code === 0) return output;
  const tail = output.trim().split('\n').slice(-15).join('\n');
  throw new SetUpError(`"${[command, ...args].join(' ')}" failed with code ${code}:\n${tail}`);
}

/** The groups' own end, for a run that is stopped: every command and everything it started in its group. */
export function endRunning(signal = 'SIGTERM') {
  for (const group of groups) {
    try {
      process.kill(-group, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/**
 * From now on SIGINT, SIGTERM and SIGHUP end every command that runs, remove the temporary folders, and end this process.
 * @param {() => Promise<void>} [first] what has to be ended before, in order
 */
export function endOnSignals(first = async () => undefined) {
  let ending = false;
  const end = async (signal, number) => {
    // npm passes a terminal's Ctrl-C on although the terminal has sent it to everybody already: once is enough.
    if (ending) return;
    ending = true;
    try {
      await first();
    } finally {
      endRunning();
      for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
      process.exit(128 + number);
    }
  };
  process.on('SIGINT', (signal) => end(signal, 2));
  process.on('SIGTERM', (signal) => end(signal, 15));
  process.on('SIGHUP', (signal) => end(signal, 1));
}
