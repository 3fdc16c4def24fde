// The relays of this window, one for each public port: they forward visitors to whichever port the server has.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cookiePair } from '../../relay/accessCookie.ts';
import type { Access } from '../../relay/accessControl.ts';
import type { Target } from '../../relay/forward.ts';
import { textOf, type Text } from '../../messages/texts.ts';
import { noVisitors } from '../../relay/visitors.ts';
import type { Visitors } from '../../relay/visitors.ts';
import type { LocalLink } from '../../relay/localLinks.ts';
import type { Blocked } from '../../relay/relay.ts';
import { startRelay, type RelayProcess } from '../../relay/relayProcess.ts';
import type { ShieldPart } from '../../relay/shield.ts';
import type { Publication } from '../site/siteState.ts';

export interface RelaysOptions {
  /** The folder of this student's sockets; undefined until the configuration was read. */
  readonly folder: () => string | undefined;
  /** The program that runs a relay, and its first arguments. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly graceSeconds: () => number;
  readonly log: (message: string) => void;
  /** The parts of the shield that the teacher has switched off; none by default. */
  readonly allow?: () => readonly ShieldPart[];
  /** The passphrase that visitors need; undefined: the sites are public. */
  readonly access?: () => Access | undefined;
  /** Called once for each publication, with the first request that the shield blocked. */
  readonly onBlocked?: (publication: Publication, blocked: Blocked) => void;
  /** Called for an address of the local machine in what visitors get. `root` is the folder of the project. */
  readonly onLocalLink?: (publication: Publication, link: LocalLink, root: string | undefined) => void;
  /** Called when the visitors of a site have changed. */
  readonly onVisitors?: (publication: Publication, visitors: Visitors) => void;
  /** Called when visitors do not reach the site of a port any more (`lasts`), or not at this place of its relay, with the reason. */
  readonly onLost: (port: number, reason: Text, lasts?: true) => void;
  readonly onReachedAgain?: (port: number) => void;
  /** Whether relays of this class are reached at ports, as far as the last answer of the command says. */
  readonly usesPorts?: () => boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

interface Entry {
  readonly publication: Publication;
  readonly socket: string;
  relay: RelayProcess | undefined;
  target: Target | null;
  wasBlocked: boolean;
  visitors?: Visitors;
  isPublished: boolean;
  /** The port at which it listens too, or did until it ended. */
  relayPort?: number | undefined;
}

/** A relay that ends sooner is not started again. Milliseconds. */
export const shortestLife = 5_000;

export class Relays {
  readonly #options: RelaysOptions;
  readonly #now: () => number;
  readonly #entries = new Map<number, Entry>();
  #usesPorts = false;

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Makes the folder for the sockets, as only the student's own account can. @returns false where the class has no relays */
  prepare(): boolean {
    const folder = this.#options.folder();
    if (folder === undefined) return false;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    } catch (error) {
      // The command refuses to publish without the folder, and says why.
      this.#options.log(`${folder} cannot be made (${(error as Error).message})`);
    }
    return true;
  }

  /**
   * Starts the relay of a publication, unless it runs.
   * @param isPublished whether its record is written, so that the way to the site may be checked
   * @returns false when none is possible
   */
  async serve(publication: Publication, isPublished = true): Promise<boolean> {
    const { port } = publication;
    const running = this.#entries.get(port);
    if (running) {
      if (isPublished && !running.isPublished) running.relay?.published();
      running.isPublished ||= isPublished;
      return true;
    }
    const socket = join(this.#options.folder() ?? '', `${port}.sock`);
    const entry: Entry = { publication, socket, relay: undefined, target: null, wasBlocked: false, isPublished };
    this.#entries.set(port, entry);
    return this.#start(entry);
  }

  /** Whether the connector needs relays at ports, because it carries no WebSocket to a socket. */
  get usesPorts(): boolean {
    return this.#usesPorts || (this.#options.usesPorts?.() ?? false);
  }

  /** From now on each relay listens on a port too. */
  usePorts(): void {
    this.#usesPorts = true;
  }

  /** The loopback port of this port's relay, which begins to listen if it does not yet; undefined if it has none. */
  async relayPortOf(port: number): Promise<number | undefined> {
    const entry = this.#entries.get(port);
    if (!this.usesPorts || !entry?.relay) return undefined;
    entry.relayPort ??= await entry.relay.openPort(0);
    return entry.relayPort;
  }

  /** The socket of this port's relay; undefined when it has none. */
  socketOf(port: number): string | undefined {
    return this.#entries.get(port)?.socket;
  }

  /** Whether visitors must know the passphrase. */
  get isPrivate(): boolean {
    return this.#options.access?.() !== undefined;
  }

  /** Tells the relays who may see their sites now. */
  applyAccess(): void {
    for (const { relay } of this.#entries.values()) relay?.setAccess(this.#options.access?.());
  }

  /** The cookie with which a probe passes the relay of a private site. */
  cookieFor(url: string): string | undefined {
    const access = this.#options.access?.();
    return access && cookiePair(new URL(url), access, Date.now());
  }

  /** The visitors of this port's site since its relay started. */
  visitorsOf(port: number): Visitors {
    return this.#entries.get(port)?.visitors ?? noVisitors;
  }

  /** Sets the server of this port; with null, visitors see that it does not run. */
  setTarget(port: number, target: Target | null): void {
    const entry = this.#entries.get(port);
    if (!entry || JSON.stringify(entry.target) === JSON.stringify(target)) return;
    entry.target = target;
    entry.relay?.setTarget(target);
    this.#options.log(
      target
        ? `port ${port} is served by ${target.server ?? 'the server'} on ${target.address} port ${target.port}`
        : `port ${port} has no server now`,
    );
  }

  /** The port of the server that visitors of a site see; undefined if there is none. */
  shownPort(port: number): number | undefined {
    return this.#entries.get(port)?.target?.port;
  }

  /** Ends the relay of a site that is down, or with `later`, lets it serve for the grace. */
  end(port: number, { later = false } = {}): void {
    const relay = this.#entries.get(port)?.relay;
    this.#entries.delete(port);
    if (later) relay?.release();
    else relay?.end();
  }

  async #start(entry: Entry): Promise<boolean> {
    const { command, env, graceSeconds, log, allow, access } = this.#options;
    const { socket, publication } = entry;
    const { port, url } = publication;
    const started = this.#now();
    try {
      const relay = await startRelay({
        command,
        socket,
        publicUrl: url,
        graceSeconds: graceSeconds(),
        env,
        hostname: publication.hostname,
        allow: allow?.() ?? [],
        access: access?.(),
        onBlocked: (blocked) => this.#onBlocked(entry, blocked),
        onLost: (reason) => {
          if (this.#entries.get(port) === entry) this.#options.onLost(port, textOf(reason), true);
        },
        onReachedAgain: () => {
          if (this.#entries.get(port) === entry) this.#options.onReachedAgain?.(port);
        },
        onLocalLink: (link) => this.#options.onLocalLink?.(publication, link, entry.target?.root),
        onVisitors: (visitors) => {
          entry.visitors = visitors;
          this.#options.onVisitors?.(publication, visitors);
        },
        onNoWebSockets: () => this.#onNoWebSockets(entry),
      });
      if (this.#entries.get(port) !== entry) {
        relay.end(); // the site was taken down in between
        return true;
      }
      entry.relay = relay;
      relay.setTarget(entry.target);
      if (entry.isPublished) relay.published();
      await this.#reopenPort(entry, relay);
      void relay.exited.then((how) => {
        if (this.#entries.get(port) !== entry) return;
        log(`the relay of port ${port} ended (${how})`);
        if (this.#now() - started > shortestLife) void this.#start(entry);
      });
      return true;
    } catch (error) {
      this.#entries.delete(port);
      log(`no relay: ${(error as Error).message}`);
      return false;
    }
  }

  /** A relay that was started again takes the port of the former one, before another account can. */
  async #reopenPort(entry: Entry, relay: RelayProcess): Promise<void> {
    const former = entry.relayPort;
    if (former === undefined) return;
    entry.relayPort = await relay.openPort(former);
    if (entry.relayPort !== former)
      this.#options.onLost(entry.publication.port, textOf('its relay has another port now'));
  }

  #onNoWebSockets(entry: Entry): void {
    const { port } = entry.publication;
    if (this.#entries.get(port) !== entry || entry.relayPort !== undefined) return;
    this.usePorts();
    this.#options.onLost(port, textOf('the connector carries none of its WebSockets'));
  }

  #onBlocked(entry: Entry, blocked: Blocked): void {
    const { publication } = entry;
    this.#options.log(
      `port ${publication.port}: a visitor's request was blocked (${blocked.part}): ${JSON.stringify(blocked.target)}`,
    );
    if (entry.wasBlocked) return;
    entry.wasBlocked = true;
    this.#options.onBlocked?.(publication, blocked);
  }
}
