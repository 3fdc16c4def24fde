import { MendableError } from './errors.ts';
import type { ProcessIdentity } from './processIdentity.ts';
import { stateShape } from './schemas.ts';
import type { StateFolder } from './stateFolder.ts';

/** Somebody who keeps a publication: a window, a shell, or a hand that will come back to take it down. */
export interface Holder {
  readonly id: string;
  /** The process whose life is the holder's; absent for a publication held by hand. */
  readonly process?: ProcessIdentity;
  /** Where this holder wants visitors to be led; see `serviceFor`. */
  readonly service?: string;
}

/** A site as it shall be: what hostname, whose, where it leads. */
export interface SiteKey {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  readonly machine: string;
  readonly service: string;
}

/** A site that is live, and who holds it. */
export interface StoredPublication extends SiteKey {
  /** ISO 8601. */
  readonly since: string;
  readonly holders: readonly Holder[];
}

/** Who holds what on this machine, and which hostnames may be half-done at Cloudflare. */
export interface StoredState {
  readonly publications: ReadonlyMap<string, StoredPublication>;
  /** Touched, and not known to be whole: the next run, whoever's it is, makes them so. */
  readonly unsettled: ReadonlyMap<string, SiteKey>;
}

export const emptyState: StoredState = { publications: new Map(), unsettled: new Map() };

const file = ['records', 'state.json'] as const;
const copy = ['records', 'state.previous.json'] as const;

/** Reads and writes the state. One file, replaced whole: an intent and what it belongs to cannot come apart. */
export class PublicationStore {
  constructor(
    private readonly folder: StateFolder,
    private readonly log: (line: string) => void,
  ) {}

  /** Undefined where nothing can be trusted: then what Cloudflare shows is asked, see `recover`. */
  async load(): Promise<StoredState | undefined> {
    const text = await this.folder.read(...file);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      const kept = `state.broken-${this.folder.in(...file).length}-${text.length}.json`;
      this.log(
        `${this.folder.in(...file)} is not readable (${(error as Error).message}); it was put aside as ${kept} and is rebuilt from what Cloudflare shows.`,
      );
      await this.folder.write(['records', kept], text);
      await this.folder.remove(...file);
      return undefined;
    }
  }

  /** What is on the disk now, for those who only look: they hold no lock, so they put nothing aside. */
  async look(): Promise<StoredState> {
    try {
      return parse((await this.folder.read(...file)) ?? format(emptyState));
    } catch (error) {
      if (error instanceof MendableError && error.code === 'state-unwritable') throw error;
      this.log(
        `${this.folder.in(...file)} is not readable (${(error as Error).message}); the next change, or \`classroom-tunnel gc\`, rebuilds it from what Cloudflare shows.`,
      );
      return emptyState;
    }
  }

  /** Durable: it is on the disk when this returns. */
  async save(state: StoredState): Promise<void> {
    const text = format(state);
    await this.folder.write(file, text, { durable: true });
    await this.folder.write(copy, text);
  }

  /** The last state that was whole: for the holders of what `recover` finds. */
  async loadCopy(): Promise<StoredState> {
    try {
      return parse((await this.folder.read(...copy)) ?? '');
    } catch {
      return emptyState;
    }
  }
}

/** The names of all hostnames whose rules are ours. */
export function ownedHostnames(state: StoredState): Set<string> {
  return new Set([...state.publications.keys(), ...state.unsettled.keys()]);
}

/**
 * Where a publication with these holders leads: through a relay as long as one of them has one, since a relay reaches the server
 * however it was started; else straight to the port.
 */
export function serviceFor(holders: readonly Holder[], otherwise: string): string {
  const services = holders.flatMap(({ service }) => service ?? []);
  return services.findLast((service) => service.startsWith('unix:')) ?? services.at(-1) ?? otherwise;
}

/** The user's publication of this port. */
export function publicationOf(state: StoredState, user: string, port: number): StoredPublication | undefined {
  return [...state.publications.values()].find((one) => one.user === user && one.port === port);
}

function parse(text: string): StoredState {
  const { success, data, error } = stateShape.safeParse(JSON.parse(text));
  if (!success) throw new Error(error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return { publications: byHostname(data.publications as StoredPublication[]), unsettled: byHostname(data.unsettled) };
}

function format(state: StoredState): string {
  return `${JSON.stringify({ version: 1, publications: [...state.publications.values()], unsettled: [...state.unsettled.values()] }, undefined, 1)}\n`;
}

function byHostname<T extends SiteKey>(sites: readonly T[]): Map<string, T> {
  return new Map(sites.map((site) => [site.hostname, site]));
}
