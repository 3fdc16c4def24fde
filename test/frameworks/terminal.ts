// A terminal in which a student types: a real shell on a real pseudo-terminal, by script(1).
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { children, descendants, stillRuns } from '../../src/shell/processes.ts';

/** What starts a project; the one of a code-server window can stand in for the plain shell. */
export interface Terminal {
  /** The shell, or a process above it: the dev server is among its descendants. */
  readonly pid: number;
  /** All that was printed so far. */
  readonly printed: () => string;
  /** Emits `output` at every new piece, and `end` when the shell has ended. */
  readonly events: EventEmitter;
  type(line: string): void;
  /** Ctrl-C, then `exit`; what ignores both is killed. */
  close(): Promise<void>;
}

export type OpenTerminal = (folder: string, environment: NodeJS.ProcessEnv) => Terminal;

/** How long a server may take to end on Ctrl-C. Milliseconds. */
const PATIENCE = 10_000;
const LOOK_AGAIN = 50;
const FAREWELL = 2_000;
const CTRL_C = '\u0003';

/** A bash without anybody's own settings. */
export const openBash: OpenTerminal = (folder, environment) => {
  const child = spawn('script', ['-qfec', 'bash --noprofile --norc', '/dev/null'], {
    cwd: folder, env: { ...environment, TERM: 'dumb' }, stdio: ['pipe', 'pipe', 'inherit'],
  });
  const events = new EventEmitter();
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    events.emit('output');
  });
  child.once('exit', () => events.emit('end'));
  const pid = child.pid ?? 0;
  const close = async (): Promise<void> => {
    const tree = descendants(pid);
    const exited = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
    child.stdin.write(CTRL_C);
    const deadline = Date.now() + PATIENCE;
    while (belowShell(pid) && Date.now() < deadline) await setTimeout(LOOK_AGAIN);
    child.stdin.write('exit\n');
    await Promise.race([exited, setTimeout(FAREWELL).then(() => child.kill('SIGKILL'))]);
    for (const process of tree) if (stillRuns(process)) kill(process.pid);
  };
  return { pid, events, printed: () => printed, type: (line) => { child.stdin.write(`${line}\n`); }, close };
};

/** Whether anything runs in the shell, which is the terminal's first process. */
function belowShell(pid: number): boolean {
  return children(pid).some((shell) => children(shell.pid).length > 0);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}
