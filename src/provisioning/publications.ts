// The stored state: which sites are live on this machine, and which processes hold them.
import { noControls, type Controls, type Pause } from './controls.ts';
import { FixableError } from './errors.ts';
import type { ProcessIdentity } from './processIdentity.ts';
import { stateShape } from './schemas.ts';
import type { StateFolder } from './stateFolder.ts';

/** A reason to keep a site live: a window, a shell, or a manual `publish`. */
export interface Holder {
  readonly id: string;
  /** The process that the holder lives as long as. A manual publication has none. */
  readonly process?: ProcessIdentity;
  /** The service to which this holder wants to send visitors; see `serviceFor`. */
  readonly service?: string;
}

/** A site: its hostname, its user, and where it sends visitors. */
export interface SiteKey {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  readonly machine: string;
  readonly service: string;
}

/** A live site with its holders. */
export interface StoredPublication extends SiteKey {
  /** ISO 8601. */
  readonly since: string;
  readonly holders: readonly Holder[];
}

/** A DNS record of ours whose rule is gone. It stays for a while, so that no resolver learns that there is no such name. */
export interface IdleRecord extends SiteKey {
  /** When the rule went: ISO 8601. */
  readonly idleSince: string;
}

export interface StoredState {
  /** By hostname. */
  readonly publications: ReadonlyMap<string, StoredPublication>;
  /** Sites that a round changed and may have left half done, by hostname. The next round of any process completes or removes them. */
  readonly unsettled: ReadonlyMap<string, SiteKey>;
  /** By hostname. */
  readonly idle: ReadonlyMap<string, IdleRecord>;
  /** Undefined: none. */
  readonly controls?: Controls;
}

export const emptyState: StoredState = {
  publications: new Map(),
  unsettled: new Map(),
  idle: new Map(),
  controls: noControls,
};

const file = ['records', 'state.json'] as const;
const copy = ['records', 'state.previous.json'] as const;

/** Reads and writes the state. It is one file, replaced as a whole, so an intent never comes apart from its publication. */
export class PublicationStore {
  readonly #folder: StateFolder;
  readonly #log: (line: string) => void;

  constructor(folder: StateFolder, log: (line: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Undefined if there is no valid state; then it is rebuilt from Cloudflare. Moves a broken file away, so call it while holding the lock. */
  async load(): Promise<StoredState | undefined> {
    const text = await this.#folder.read(...file);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      const path = this.#folder.in(...file);
      const kept = `state.broken-${path.length}-${text.length}.json`;
      this.#log(
        `${path} is not readable (${(error as Error).message}); it was put aside as ${kept} and is rebuilt from what Cloudflare shows.`,
      );
      await this.#folder.write(['records', kept], text);
      await this.#folder.remove(...file);
      return undefined;
    }
  }

  /** The state for readers without the lock. Never moves a broken file away. */
  async look(): Promise<StoredState> {
    try {
      return parse((await this.#folder.read(...file)) ?? format(emptyState));
    } catch (error) {
      if (error instanceof FixableError && error.code === 'state-unwritable') throw error;
      this.#log(
        `${this.#folder.in(...file)} is not readable (${(error as Error).message}); the next change, or \`classroom-tunnel gc\`, rebuilds it from what Cloudflare shows.`,
      );
      return emptyState;
    }
  }

  /** Returns once the state is on disk and would survive a power failure. */
  async save(state: StoredState): Promise<void> {
    const text = format(state);
    await this.#folder.write(file, text, { durable: true });
    await this.#folder.write(copy, text);
  }

  /** The last valid state. It supplies the holders when the state is rebuilt. */
  async loadCopy(): Promise<StoredState> {
    try {
      return parse((await this.#folder.read(...copy)) ?? '');
    } catch {
      return emptyState;
    }
  }
}

/** The hostnames whose rules are ours according to the state. */
export function ownedHostnames(state: StoredState): Set<string> {
  return new Set([...state.publications.keys(), ...state.unsettled.keys()]);
}

/**
 * The service to which a site with these holders sends visitors: a relay if one of them has one, because a relay reaches the server however it
 * was started; otherwise straight to the port.
 */
export function serviceFor(holders: readonly Holder[], fallback: string): string {
  const services = holders.flatMap(({ service }) => service ?? []);
  return services.findLast(isRelayService) ?? services.at(-1) ?? fallback;
}

/** Leads to a relay at a port of its own. A rule straight to a server names `localhost`. */
export function relayPortService(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export function isRelayPort(service: string): boolean {
  return service.startsWith('http://127.0.0.1:');
}

export function isRelayService(service: string): boolean {
  return service.startsWith('unix:') || isRelayPort(service);
}

function parse(text: string): StoredState {
  const { success, data, error } = stateShape.safeParse(JSON.parse(text));
  if (!success) throw new Error(error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return {
    publications: byHostname(data.publications as StoredPublication[]),
    unsettled: byHostname(data.unsettled),
    idle: byHostname(data.idle),
    controls: { stops: data.stops, pauses: data.pauses as Pause[] },
  };
}

function format({ publications, unsettled, idle, controls = noControls }: StoredState): string {
  const state = {
    version: 1,
    publications: [...publications.values()],
    unsettled: [...unsettled.values()],
    idle: [...idle.values()],
    ...controls,
  };
  return `${JSON.stringify(state, undefined, 1)}\n`;
}

function byHostname<T extends SiteKey>(sites: readonly T[]): Map<string, T> {
  return new Map(sites.map((site) => [site.hostname, site]));
}
