// A relay as its window sees it: a process to start, to tell where the server is, and to let go.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Target } from './forward.ts';

export interface RelayProcessOptions {
  /** What runs a relay: the node executable (with ELECTRON_RUN_AS_NODE=1 in `env` where that may be Electron), and the path of relay.cjs. */
  command: readonly string[];
  /** Where cloudflared is to find it: at most 96 bytes, in a directory of the user's own that others may enter but not write. */
  socket: string;
  /** The site's public address. */
  publicUrl: string;
  /** How long it goes on serving once this process is gone or has let go of it. */
  graceSeconds: number;
  /** The whole environment of the relay; NODE_OPTIONS has no place in it (a debugger's preload would wait in there). */
  env: NodeJS.ProcessEnv;
}

export interface RelayProcess {
  readonly pid: number;
  /** Visitors reach this server from now on; null shows them the page that waits. A relay that has ended is told nothing. */
  setTarget(target: Target | null): void;
  /** Lets go: it serves for the grace and ends, as it does when this process dies. */
  release(): void;
  /** Ends it now, with every visitor's connection. */
  end(): void;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** Half the memory under load, at no measurable cost: a relay's garbage is small and many, and a class has thirty of them. */
const NODE_FLAGS = ['--max-semi-space-size=1'];

/** Starts a relay and resolves once it can be reached. @throws Error with what it said, when it ends before that */
export async function startRelay(options: RelayProcessOptions): Promise<RelayProcess> {
  const [node = '', ...rest] = options.command;
  const child = spawn(node, [...NODE_FLAGS, ...rest, options.socket, options.publicUrl, String(options.graceSeconds)], {
    env: options.env,
    detached: true, // a group of its own: it outlives the window's end for the grace
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  child.stdin.on('error', () => undefined); // it has ended; `exited` tells
  const exited = endOf(child);
  const listening = once(createInterface({ input: child.stdout }), 'line');
  const failed = exited.then((how) => {
    throw new Error(`The relay ended (${how}). ${said.join('').trim()}`);
  });
  await Promise.race([listening, failed]);
  failed.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    setTarget: (target) => {
      const { server, ...place } = target ?? {};
      child.stdin.write(`${JSON.stringify({ target: target && place, server })}\n`);
    },
    release: () => void child.stdin.end(),
    end: () => void child.kill('SIGTERM'),
    exited,
  };
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
  });
}
