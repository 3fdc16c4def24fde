// The configurations that were replaced, and the audit log.
import { FixableError } from './errors.ts';
import type { TunnelConfig } from './ingress.ts';
import type { StateFolder } from './stateFolder.ts';

/** How many replaced configurations are kept. */
const limit = 50;
const folderName = 'configurations';
/** About 5,000 changes. */
const maxLogBytes = 1_000_000;

/** A configuration that was replaced. `restore` can bring it back. */
export interface KeptConfiguration {
  readonly name: string;
  /** When it was replaced: ISO 8601. */
  readonly at: string;
  readonly version: number;
  readonly config: TunnelConfig;
}

export class History {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /** @param at ISO 8601 */
  async keep(at: string, version: number, config: TunnelConfig): Promise<void> {
    const name = `${at.replace(/[:.]/g, '-')}-v${version}`;
    await this.#folder.write(
      [folderName, `${name}.json`],
      `${JSON.stringify({ name, at, version, config }, undefined, 1)}\n`,
    );
    const files = await this.#folder.list(folderName);
    for (const oldest of files.slice(0, Math.max(0, files.length - limit))) {
      await this.#folder.remove(folderName, oldest);
    }
  }

  /** Newest first. */
  async list(): Promise<KeptConfiguration[]> {
    const names = (await this.#folder.list(folderName)).map((file) => file.replace(/\.json$/, '')).reverse();
    return Promise.all(names.map((name) => this.get(name)));
  }

  /** @throws FixableError `backup-unknown` */
  async get(name: string): Promise<KeptConfiguration> {
    const text = /^[\w-]+$/.test(name) ? await this.#folder.read(folderName, `${name}.json`) : undefined;
    if (text === undefined) throw new FixableError('backup-unknown', { name, folder: this.#folder.in(folderName) });
    return JSON.parse(text) as KeptConfiguration;
  }

  /** Appends one line of JSON to the audit log. A log that has become too large is kept as audit.log.1, instead of the one before. */
  async audit(entry: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#folder.rotate('audit.log', maxLogBytes);
    await this.#folder.append(['audit.log'], `${JSON.stringify(entry)}\n`);
  }
}
