// The relays of this window: one for each public port, through which visitors come to whatever port the server really has.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../relay/forward.ts';
import { startRelay, type RelayProcess } from '../../relay/relayProcess.ts';
import type { Publication } from '../site/siteState.ts';

export interface RelaysOptions {
  /** The folder of this student's sockets; undefined until the configuration was asked. */
  readonly folder: () => string | undefined;
  /** What runs a relay: the program and its first arguments. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly graceSeconds: () => number;
  readonly log: (message: string) => void;
}

interface Entry {
  readonly publication: Publication;
  readonly socket: string;
  relay: RelayProcess | undefined;
  target: Target | null;
}

/** A relay that ends by itself is started again; one that cannot live this long is not worth another try. Milliseconds. */
const shortestLife = 5_000;

export class Relays {
  readonly #options: RelaysOptions;
  readonly #entries = new Map<number, Entry>();
  #broken = false;

  constructor(options: RelaysOptions) {
    this.#options = options;
  }

  /** Can visitors be led through a relay here? Makes the place for its socket: only the student's own account can. */
  prepare(): boolean {
    const folder = this.#options.folder();
    if (folder === undefined || this.#broken) return false;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      return true;
    } catch (error) {
      this.giveUp(`${folder} cannot be made (${(error as Error).message})`);
      return false;
    }
  }

  /** From now on visitors go straight to the port: a server on another port, or one that refuses a public name, is not reached. */
  giveUp(reason: string): void {
    this.#broken = true;
    this.#options.log(`no relay: ${reason}`);
  }

  /** Starts the relay of a publication, unless it runs. @returns false when there can be none */
  async serve(publication: Publication): Promise<boolean> {
    const { port } = publication;
    if (this.#entries.has(port)) return true;
    const entry: Entry = {
      publication,
      socket: join(this.#options.folder() ?? '', `${port}.sock`),
      relay: undefined,
      target: null,
    };
    this.#entries.set(port, entry);
    return this.#start(entry);
  }

  /** Where the relay of this port is reached; undefined where it has none. */
  socketOf(port: number): string | undefined {
    return this.#entries.get(port)?.socket;
  }

  /** Where the server of this port is now; null shows visitors that it is not running. */
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

  /** The site is down, or (`later`) will be after the grace. */
  end(port: number, { later = false } = {}): void {
    const relay = this.#entries.get(port)?.relay;
    this.#entries.delete(port);
    if (later) relay?.release();
    else relay?.end();
  }

  async #start(entry: Entry): Promise<boolean> {
    const { command, env, graceSeconds, log } = this.#options;
    const {
      socket,
      publication: { port, url },
    } = entry;
    const began = performance.now();
    try {
      const relay = await startRelay({ command, socket, publicUrl: url, graceSeconds: graceSeconds(), env });
      entry.relay = relay;
      relay.setTarget(entry.target);
      void relay.exited.then((how) => {
        if (this.#entries.get(port) !== entry) return;
        log(`the relay of port ${port} ended (${how})`);
        if (performance.now() - began > shortestLife) void this.#start(entry);
      });
      return true;
    } catch (error) {
      this.#entries.delete(port);
      this.giveUp((error as Error).message);
      return false;
    }
  }
}
