import { MendableError } from './errors.ts';
import type { TunnelConfig } from './ingress.ts';
import type { StateFolder } from './stateFolder.ts';

/** How many of the configurations that were replaced are kept. */
const limit = 50;
const folderName = 'configurations';

/** One configuration that was replaced, kept so that `restore` can put it back. */
export interface KeptConfiguration {
  readonly name: string;
  /** ISO 8601: when it was replaced. */
  readonly at: string;
  readonly version: number;
  readonly config: TunnelConfig;
}

/** The configurations that were replaced, and the log of who changed what. */
export class History {
  constructor(private readonly folder: StateFolder) {}

  async keep(at: string, version: number, config: TunnelConfig): Promise<void> {
    const name = `${at.replace(/[:.]/g, '-')}-v${version}`;
    await this.folder.write(
      [folderName, `${name}.json`],
      `${JSON.stringify({ name, at, version, config }, undefined, 1)}\n`,
    );
    const files = await this.folder.list(folderName);
    for (const old of files.slice(0, Math.max(0, files.length - limit))) await this.folder.remove(folderName, old);
  }

  /** Newest first. */
  async list(): Promise<KeptConfiguration[]> {
    const names = (await this.folder.list(folderName)).map((file) => file.replace(/\.json$/, '')).reverse();
    return Promise.all(names.map((name) => this.get(name)));
  }

  /** @throws MendableError `backup-unknown` */
  async get(name: string): Promise<KeptConfiguration> {
    const text = /^[\w-]+$/.test(name) ? await this.folder.read(folderName, `${name}.json`) : undefined;
    if (text === undefined) throw new MendableError('backup-unknown', { name, folder: this.folder.in(folderName) });
    return JSON.parse(text) as KeptConfiguration;
  }

  /** One line a change, as JSON. */
  async audit(entry: Readonly<Record<string, unknown>>): Promise<void> {
    await this.folder.append(['audit.log'], `${JSON.stringify(entry)}\n`);
  }
}
