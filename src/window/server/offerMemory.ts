// Remembers which servers were offered, and the folders whose servers are never offered.

/** A store that outlives the window: VS Code's `Memento`. */
export interface OfferStore {
  get(key: string): unknown;
  update(key: string, value: readonly string[]): unknown;
}

const keys = { offered: 'offeredServers', never: 'neverOffered' } as const;
/** Older entries are forgotten. */
const limit = 200;

export class OfferMemory {
  readonly #store: OfferStore;

  constructor(store: OfferStore) {
    this.#store = store;
  }

  /** @param key names a program in a folder */
  wasOffered(key: string): boolean {
    return this.#read('offered').includes(key);
  }

  offered(key: string): void {
    this.#write('offered', [...this.#read('offered').filter((known) => known !== key), key]);
  }

  forget(key: string): void {
    this.#write(
      'offered',
      this.#read('offered').filter((known) => known !== key),
    );
  }

  isNever(folder: string | undefined): boolean {
    return this.#read('never').includes(folder ?? '');
  }

  never(folder = ''): void {
    this.#write('never', [...this.#read('never').filter((known) => known !== folder), folder]);
  }

  #read(list: keyof typeof keys): string[] {
    const value = this.#store.get(keys[list]);
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  #write(list: keyof typeof keys, items: readonly string[]): void {
    void this.#store.update(keys[list], items.slice(-limit));
  }
}
