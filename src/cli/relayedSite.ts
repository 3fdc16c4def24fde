// A site of a plain shell: published through a relay, and taken down when this process ends, however it ends.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { FixableError } from '../provisioning/errors.ts';
import { problemFor, sentences } from '../messages/messages.ts';
import { serverOfProcesses, type DevServerName } from '../relay/devServers.ts';
import type { Target } from '../relay/forward.ts';
import { projectRoot } from '../relay/projectRoot.ts';
import type { RelayProcess, RelayProcessOptions } from '../relay/relayProcess.ts';
import { reloadPorts } from '../relay/reload.ts';
import { SniffMemory } from '../relay/sniffMemory.ts';
import { sniffPort } from '../relay/sniffPort.ts';
import { findTarget } from '../relay/target.ts';
import { findUnsafeVersion } from '../relay/unsafeVersions.ts';
import { listenersOfTree } from '../shell/devServer.ts';
import { descendants, readProcess } from '../shell/processes.ts';
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
  /** The server's first process; undefined while there is none. */
  readonly serverPid: () => number | undefined;
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
  /** Starts the relay. */
  readonly start: (options: Omit<RelayProcessOptions, 'command'>) => Promise<RelayProcess>;
  /** Starts the process that takes the site down once its standard input ends. */
  readonly guard: (holder: string, env: NodeJS.ProcessEnv) => ChildProcess;
  /** Resolves so many milliseconds later. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
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
  #isPublished = false;
  #isTrying = false;
  #toldBlocked = false;
  /** The packages whose versions the student was told of. */
  readonly #told = new Set<string>();

  private constructor(options: RelayedSiteOptions, relay: RelayProcess, access: RelayAccess) {
    this.#options = options;
    this.#relay = relay;
    this.#access = access;
    access.follow({ env: options.env, peer: undefined }, () => relay.setAccess(access.current));
    this.#guardian = options.guard(options.holder, options.env);
  }

  /** Starts the relay. @throws FixableError `relay-missing`, `socket-foreign`, `relay-failed` */
  static async open(options: RelayedSiteOptions): Promise<RelayedSite> {
    const { session, port, env, say, start, isPrivate } = options;
    const { hostname, url } = addressOf(session, port);
    const folder = ownSocketFolder(session.config, session.caller);
    const failed = (error: unknown): never => {
      throw error instanceof FixableError
        ? error
        : new FixableError('relay-failed', { problem: (error as Error).message });
    };
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    } catch (error) {
      failed(error);
    }
    const access = new RelayAccess(session, env, isPrivate);
    const opened: { site?: RelayedSite } = {};
    const relay = await start({
      socket: checkedSocket(session, port),
      publicUrl: url,
      hostname,
      access: access.current,
      graceSeconds: 0,
      allow: session.config.allowForVisitors,
      env: { PATH: env['PATH'] },
      onLost: (reason) => opened.site?.publishAgain(reason),
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
    await Promise.all([this.#keepPublished([]), this.#follow(life)]);
  }

  /** Takes the site down. */
  async close(): Promise<void> {
    await this.#turn;
    this.#guardian.stdin?.end();
    if (this.#guardian.exitCode === null) await once(this.#guardian, 'exit');
    this.#relay.end();
  }

  /** @param reason said unless the student knows that the site is not public */
  publishAgain(reason: string): void {
    if (this.#isPublished) this.#options.say(`visitors do not reach your site: ${reason}. It is published again.`);
    void this.#keepPublished(['--verify']);
  }

  /** The connector carries no WebSocket to the socket, so the relay listens on a port too. */
  async usePort(): Promise<void> {
    this.#relayPort ??= await this.#relay.openPort(0);
    if (this.#relayPort !== undefined) await this.#publish([]);
  }

  /** Tells the student of the first request that was blocked. */
  sayBlocked(target: string): void {
    if (this.#toldBlocked) return;
    this.#toldBlocked = true;
    this.#options.say(`a visitor's request for ${JSON.stringify(target)} was blocked: it is meant for the developer.`);
  }

  /** Says a line unless it was the last one. */
  #sayOnce(line: string): void {
    if (line !== this.#said) this.#options.say(line);
    this.#said = line;
  }

  /** Publishes, and tries again while it fails for now only. */
  async #keepPublished(more: readonly string[]): Promise<void> {
    if (this.#isTrying || this.#life === undefined) return;
    const { isOver, over } = this.#life;
    this.#isTrying = true;
    while ((await this.#publish(more)) && !isOver()) await Promise.race([this.#options.wait(retryAfter), over]);
    this.#isTrying = false;
  }

  /** @returns whether it failed for now only */
  #publish(more: readonly string[]): Promise<boolean> {
    this.#turn = this.#turn.then(async () => {
      if (this.#life === undefined || this.#life.isOver()) return false;
      const event = await this.#options.tool([...this.#words(this.#life), ...more]);
      this.#isPublished = event['event'] === 'published';
      if (!this.#isPublished) {
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

  #setTarget(target: Target | undefined, pid: number | undefined, folder: string): void {
    const server = target && serverOf(pid);
    this.#relay.setTarget(
      target ? { ...target, ...(server && { server }), root: projectRoot(folder, homedir()) } : null,
    );
    const unsafe = findUnsafeVersion(server, folder);
    if (!unsafe || this.#told.has(unsafe.name)) return;
    this.#told.add(unsafe.name);
    const problem = problemFor('unsafe-version', { ...unsafe });
    this.#options.say([sentences(problem), problem.action].join(' '));
  }

  async #follow({ serverPid, folder, isOver, over }: Life): Promise<void> {
    let placed = '';
    let target: Target | undefined;
    while (!isOver()) {
      const pid = serverPid();
      const own = pid === undefined ? [] : listenersOfTree(pid).filter(({ port }) => port !== this.#relayPort);
      target = await findTarget(own, this.#options.port, this.#sniffs.of(own, target !== undefined));
      const beside = reloadPorts(own);
      const place = target ? JSON.stringify([target, beside]) : '';
      if (place !== placed) this.#setTarget(target && { ...target, beside }, pid, folder());
      placed = place;
      await Promise.race([this.#options.wait(target ? intervals.found : intervals.searching), over]);
    }
  }
}

/** The dev server that a process runs. */
function serverOf(pid: number | undefined): DevServerName | undefined {
  const processes = pid === undefined ? [] : [readProcess(pid) ?? [], descendants(pid)].flat();
  return serverOfProcesses(processes);
}
