// A relay as its window sees it: a child process that is told where the server is.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Access } from './accessControl.ts';
import type { Target } from './forward.ts';
import {
  accessLine,
  instructionLine,
  isNoWebSockets,
  isReachedAgain,
  openPortLine,
  parseBlocked,
  parseLocalLink,
  parseLost,
  parsePort,
  parseVisitors,
  publishedLine,
} from './protocol.ts';
import type { Visitors } from './visitors.ts';
import type { LocalLink } from './localLinks.ts';
import type { Blocked } from './relay.ts';
import type { ShieldPart } from './shield.ts';

export interface RelayProcessOptions {
  /** The node executable (Electron too, with ELECTRON_RUN_AS_NODE=1 in `env`) and the path of relay.cjs. */
  readonly command: readonly string[];
  /** The path where cloudflared finds it: at most 96 bytes, in a folder of the user's own that others may enter but not write. */
  readonly socket: string;
  /** The site's public address. */
  readonly publicUrl: string;
  /** How long it keeps serving after `release()` or after the end of this process. */
  readonly graceSeconds: number;
  /** The relay's whole environment. Leave NODE_OPTIONS out: a debugger's preload would stop it. */
  readonly env: NodeJS.ProcessEnv;
  /** The parts of the shield that are switched off. */
  readonly allow?: readonly ShieldPart[];
  /** Called for requests that the shield blocked: once for each target, and for the first few targets only. */
  readonly onBlocked?: (blocked: Blocked) => void;
  /** Called for addresses of the local machine in what visitors get, once for each. */
  readonly onLocalLink?: (link: LocalLink) => void;
  /** Called when the visitors of the site have changed. */
  readonly onVisitors?: (visitors: Visitors) => void;
  /** Called when visitors do not reach the site any more, with the reason. */
  readonly onLost?: (reason: string) => void;
  /** Called when they reach it again after that. */
  readonly onReachedAgain?: () => void;
  /** Called when visitors reach the site, but none of its WebSockets. */
  readonly onNoWebSockets?: () => void;
  /** The passphrase that visitors need; undefined: the site is public. */
  readonly access?: Access | undefined;
  /** The hostname in the tunnel's rule: requests for others are refused. */
  readonly hostname?: string;
}

export interface RelayProcess {
  readonly pid: number;
  /** Visitors reach this server from now on; with null, the page that waits. Does nothing once the relay has ended. */
  setTarget(target: Target | null): void;
  /** Later visitors must know the passphrase; with undefined, the site is public. */
  setAccess(access: Access | undefined): void;
  /** Its site is public: it checks from now on whether visitors reach it. */
  published(): void;
  /**
   * Makes it listen on a loopback port too: the preferred one if that is free.
   * @returns the port; undefined when there is none, or the relay has ended
   */
  openPort(preferred: number): Promise<number | undefined>;
  /** Lets it serve for the grace and end, as it does when this process dies. */
  release(): void;
  /** Ends it now, with every visitor's connection. */
  end(): void;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** A small young generation halves the memory under load: a relay's garbage is many small objects. */
const nodeFlags = ['--max-semi-space-size=1'];

/**
 * Starts a relay and resolves once it can be reached.
 * @throws Error with what the relay wrote, when it ends before that
 */
export async function startRelay(options: RelayProcessOptions): Promise<RelayProcess> {
  const [node = '', ...rest] = options.command;
  const child = spawn(node, [...nodeFlags, ...rest, ...argumentsFor(options)], {
    env: options.env,
    detached: true, // a process group of its own, so that it outlives the window for the grace
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  child.stdin.on('error', () => undefined); // the relay has ended, which `exited` reports
  const exited = endOf(child);
  const output = createInterface({ input: child.stdout });
  const listening = once(output, 'line');
  output.on('line', (line) => handleReport(line, options));
  const failed = exited.then((how) => {
    throw new Error(`The relay ended (${how}). ${errors.join('').trim()}`);
  });
  child.stdin.write(accessLine(options.access));
  await Promise.race([listening, failed]);
  failed.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    setTarget: (target) => void child.stdin.write(instructionLine(target)),
    setAccess: (access) => void child.stdin.write(accessLine(access)),
    published: () => void child.stdin.write(publishedLine),
    openPort: async (preferred) => {
      const answer = new Promise<number>((resolve) => {
        output.on('line', (line) => {
          const port = parsePort(line);
          if (port !== undefined) resolve(port);
        });
      });
      child.stdin.write(openPortLine(preferred));
      return (await Promise.race([answer, exited.then(() => 0)])) || undefined;
    },
    release: () => void child.stdin.end(),
    end: () => void child.kill('SIGTERM'),
    exited,
  };
}

function handleReport(line: string, options: RelayProcessOptions): void {
  const { onLocalLink, onVisitors, onBlocked, onLost, onReachedAgain, onNoWebSockets } = options;
  const blocked = parseBlocked(line);
  if (blocked) onBlocked?.(blocked);
  const visitors = parseVisitors(line);
  if (visitors) onVisitors?.(visitors);
  const link = parseLocalLink(line);
  if (link) onLocalLink?.(link);
  const reason = parseLost(line);
  if (reason !== undefined) onLost?.(reason);
  if (isReachedAgain(line)) onReachedAgain?.();
  if (isNoWebSockets(line)) onNoWebSockets?.();
}

function argumentsFor({ socket, publicUrl, graceSeconds, allow = [], hostname }: RelayProcessOptions): string[] {
  return [socket, publicUrl, String(graceSeconds), allow.join(','), ...(hostname === undefined ? [] : [hostname])];
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
  });
}
