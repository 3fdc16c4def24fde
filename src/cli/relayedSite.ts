// A site of a plain shell: published through a relay, and taken down when this process ends, however it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FixableError } from '../provisioning/errors.ts';
import type { Target } from '../relay/forward.ts';
import { projectRoot } from '../relay/projectRoot.ts';
import { startRelay, type RelayProcess } from '../relay/relayProcess.ts';
import { reloadPorts } from '../relay/reload.ts';
import { SniffMemory } from '../relay/sniffMemory.ts';
import { sniffPort } from '../relay/sniffPort.ts';
import { findTarget } from '../relay/target.ts';
import type { Listener } from '../shell/listeners.ts';
import { RelayAccess } from './relayAccess.ts';
import { checkedSocket, ownSocketFolder } from './relaySocket.ts';
import { notPublic } from './report.ts';
import { addressOf, type Session } from './session.ts';

/** Milliseconds between two looks at the ports of the server: while none is found, and after that. */
const intervals = { searching: 500, found: 2_000 } as const;
/** Milliseconds until a publish that failed for now is tried again. */
const retryAfter = 20_000;

/** Runs the command line tool with these arguments. @returns its last event */
export type Tool = (args: readonly string[]) => Promise<Readonly<Record<string, unknown>>>;

/** The processes that the site lives as long as. */
export interface Life {
  /** A process of the server, by whose age a new run is known. */
  readonly runPid: number;
  readonly listeners: () => readonly Listener[];
  /** The server's working folder. */
  readonly folder: () => string;
  readonly isOver: () => boolean;
  /** Resolves when it is over, if that is told. */
  readonly over: Promise<unknown>;
}

export interface RelayedSiteOptions {
  readonly session: Session;
  readonly port: number;
  readonly holder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly tool: Tool;
  /** Tells the student. */
  readonly say: (line: string) => void;
  /** Visitors must know the passphrase even if the class is public. */
  readonly isPrivate?: boolean;
}

export class RelayedSite {
  readonly #options: RelayedSiteOptions;
  readonly #relay: RelayProcess;
  readonly #sniffs = new SniffMemory(sniffPort, () => performance.now());
  readonly #guardian: ChildProcess;
  readonly #access: RelayAccess;
  #life: Life | undefined;
  #relayPort: number | undefined;
  /** One publish at a time. */
  #turn = Promise.resolve(false);
  #said = '';

  private constructor(options: RelayedSiteOptions, relay: RelayProcess, access: RelayAccess) {
    this.#options = options;
    this.#relay = relay;
    this.#access = access;
    access.follow({ env: options.env, peer: undefined }, () => relay.setAccess(access.current));
    this.#guardian = startGuardian(options.holder, options.env);
  }

  /** Starts the relay. @throws FixableError `relay-missing`, `socket-foreign`, `relay-failed` */
  static async open(options: RelayedSiteOptions): Promise<RelayedSite> {
    const { session, port, env, say, isPrivate } = options;
    const { hostname, url } = addressOf(session, port);
    const folder = ownSocketFolder(session.config, session.caller);
    const failed = (error: unknown): never => {
      throw new FixableError('relay-failed', { problem: (error as Error).message });
    };
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    } catch (error) {
      failed(error);
    }
    const access = new RelayAccess(session, env, isPrivate);
    const opened: { site?: RelayedSite } = {};
    const relay = await startRelay({
      command: [process.execPath, relayProgram()],
      socket: checkedSocket(session, port),
      publicUrl: url,
      hostname,
      access: access.current,
      graceSeconds: 0,
      env: { PATH: env['PATH'] },
      onLost: (reason) =>
        opened.site?.publishAgain(`visitors do not reach your site: ${reason}. It is published again.`),
      onReachedAgain: () => say('visitors reach your site again.'),
      onNoWebSockets: () => void opened.site?.usePort(),
      onBlocked: ({ target }) => opened.site?.sayBlocked(target),
    }).catch(failed);
    opened.site = new RelayedSite(options, relay, access);
    return opened.site;
  }

  /** Publishes, and leads visitors to the server, until its life is over. */
  async serve(life: Life): Promise<void> {
    this.#life = life;
    await Promise.all([this.#keepPublished(life), this.#follow(life)]);
  }

  /** Takes the site down. */
  async close(): Promise<void> {
    await this.#turn;
    this.#guardian.stdin?.end();
    if (this.#guardian.exitCode === null) await once(this.#guardian, 'exit');
    this.#relay.end();
  }

  publishAgain(reason?: string): void {
    if (reason !== undefined) this.#options.say(reason);
    void this.#publish(['--verify']);
  }

  /** The connector carries no WebSocket to the socket, so the relay listens on a port too. */
  async usePort(): Promise<void> {
    this.#relayPort ??= await this.#relay.openPort(0);
    if (this.#relayPort !== undefined) await this.#publish([]);
  }

  sayBlocked(target: string): void {
    this.#sayOnce(`a visitor's request for ${JSON.stringify(target)} was blocked: it is meant for the developer.`);
  }

  /** Says a line unless it was the last one. */
  #sayOnce(line: string): void {
    if (line !== this.#said) this.#options.say(line);
    this.#said = line;
  }

  async #keepPublished({ isOver, over }: Life): Promise<void> {
    for (let mayTryAgain = await this.#publish([]); mayTryAgain; mayTryAgain = await this.#publish([])) {
      await Promise.race([delay(retryAfter, undefined, { ref: false }), over]);
      if (isOver()) return;
    }
  }

  /** @returns whether it failed for now only */
  #publish(more: readonly string[]): Promise<boolean> {
    this.#turn = this.#turn.then(async () => {
      if (this.#life === undefined || this.#life.isOver()) return false;
      const event = await this.#options.tool([...this.#words(this.#life), ...more]);
      if (event['event'] !== 'published') {
        this.#sayOnce(notPublic({ message: String(event['message']), action: String(event['action']) }));
        return event['code'] === 'paused' || event['retryAfterSeconds'] !== undefined;
      }
      this.#sayOnce(`your site is at ${String(event['url'])}`);
      this.#relay.published();
      if (event['needsRelayPort'] === true && this.#relayPort === undefined) setImmediate(() => void this.usePort());
      return false;
    });
    return this.#turn;
  }

  #words({ runPid }: Life): string[] {
    const { port, holder } = this.#options;
    return [
      ...['publish', '-p', String(port), '--relay', '--holder', holder],
      ...['--run-pid', String(runPid), '--holder-pid', String(this.#guardian.pid)],
      ...(this.#access.current ? ['--private'] : []),
      ...(this.#relayPort === undefined ? [] : ['--relay-port', String(this.#relayPort)]),
    ];
  }

  async #follow({ listeners, folder, isOver, over }: Life): Promise<void> {
    let placed = '';
    let target: Target | undefined;
    while (!isOver()) {
      const own = listeners().filter(({ port }) => port !== this.#relayPort);
      target = await findTarget(own, this.#options.port, this.#sniffs.of(own, target !== undefined));
      const beside = reloadPorts(own);
      const place = target ? JSON.stringify([target, beside]) : '';
      if (place !== placed)
        this.#relay.setTarget(target ? { ...target, root: projectRoot(folder(), homedir()), beside } : null);
      placed = place;
      await Promise.race([delay(target ? intervals.found : intervals.searching, undefined, { ref: false }), over]);
    }
  }
}

/** The relay beside this program, or where the README installs it. @throws FixableError `relay-missing` */
function relayProgram(): string {
  const folders = [dirname(realpathSync(process.argv[1] ?? '')), '/usr/local/lib/classroom-tunnel'];
  const found = folders.map((folder) => join(folder, 'relay.cjs')).find((path) => existsSync(path));
  if (found === undefined) throw new FixableError('relay-missing', { folders: folders.join(' or ') });
  return found;
}

/** Takes the site down when this process ends, however it ends: the kernel closes the pipe. */
function startGuardian(holder: string, env: NodeJS.ProcessEnv): ChildProcess {
  const script = 'trap "" HUP INT; cat >/dev/null; exec "$@" </dev/null';
  const words = [process.execPath, process.argv[1] ?? '', 'release', '--holder', holder];
  return spawn('/bin/sh', ['-c', script, 'sh', ...words], {
    env,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}
