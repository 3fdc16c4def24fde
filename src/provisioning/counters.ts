import type { StateFolder } from './stateFolder.ts';

/**
 * A small file of numbers that all processes share and none depends on: undefined where there is none, or none that makes sense.
 */
export class Figures<Key extends string> {
  constructor(
    private readonly folder: StateFolder,
    private readonly file: readonly string[],
    private readonly keys: readonly Key[],
  ) {}

  async load(): Promise<Record<Key, number> | undefined> {
    const text = await this.folder.read(...this.file);
    if (text === undefined) return undefined;
    try {
      const found = JSON.parse(text) as Partial<Record<Key, number>> | null;
      return this.keys.every((key) => Number.isFinite(found?.[key])) ? (found as Record<Key, number>) : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** To be called under the lock. */
  async save(figures: Readonly<Record<Key, number>>): Promise<void> {
    await this.folder.write(this.file, `${JSON.stringify(figures)}\n`);
  }
}
