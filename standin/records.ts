// The records of one zone, found by id and by name without a search.

export const recordTypes = ['A', 'AAAA', 'CNAME', 'TXT', 'NS'] as const;
export type RecordType = (typeof recordTypes)[number];

/** A DNS record, in the shape in which the API shows it. */
export interface DnsRecord {
  id: string;
  name: string;
  type: RecordType;
  content: string;
  proxiable: boolean;
  proxied: boolean;
  ttl: number;
  settings: Record<string, unknown>;
  meta: Record<string, unknown>;
  comment: string | null;
  tags: string[];
  created_on: string;
  modified_on: string;
  comment_modified_on?: string;
}

export class RecordSet {
  readonly #byId = new Map<string, DnsRecord>();
  readonly #byName = new Map<string, DnsRecord[]>();

  constructor(records: Iterable<DnsRecord> = []) {
    for (const record of records) this.put(record);
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): DnsRecord[] {
    return [...this.#byId.values()];
  }

  get(id: string): DnsRecord | undefined {
    return this.#byId.get(id);
  }

  /** All records of exactly this name (lower case), of whatever type. */
  named(name: string): readonly DnsRecord[] {
    return this.#byName.get(name) ?? [];
  }

  /** Adds a record, or replaces the one that has its id. */
  put(record: DnsRecord): void {
    this.#unlist(record.id);
    this.#byId.set(record.id, record);
    this.#byName.set(record.name, [...this.named(record.name), record]);
  }

  delete(id: string): void {
    this.#unlist(id);
    this.#byId.delete(id);
  }

  /** Returns a copy to try changes on; the caller keeps the copy or drops it. */
  draft(): RecordSet {
    return new RecordSet(this.#byId.values());
  }

  #unlist(id: string): void {
    const known = this.#byId.get(id);
    if (!known) return;
    const left = this.named(known.name).filter((record) => record.id !== id);
    if (left.length > 0) this.#byName.set(known.name, left);
    else this.#byName.delete(known.name);
  }
}
