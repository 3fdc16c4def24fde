// A visitor's DNS resolver. It remembers for half an hour that a name does not exist, as Cloudflare's zones allow: a visitor who
// asks too early keeps getting that answer after the record was made.
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { Clock } from './clock.ts';
import { recordsFor, zoneOf } from './edge/destination.ts';
import type { World } from './world.ts';

/** The minimum of the SOA record of Cloudflare's zones, in milliseconds. */
export const negativeTtlMs = 1_800_000;

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

export class Resolver {
  readonly #world: World;
  readonly #clock: Clock;
  readonly #absentUntil = new Map<string, number>();

  constructor(world: World, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
  }

  /** Whether the name resolves to the edge. */
  resolves(hostname: string): boolean {
    const name = hostname.toLowerCase().replace(/\.$/, '');
    const time = this.#clock.now();
    if (time < (this.#absentUntil.get(name) ?? 0)) return false;
    const zone = zoneOf(this.#world, name);
    if (zone && recordsFor(zone, name).length > 0) return true;
    this.#absentUntil.set(name, time + negativeTtlMs);
    return false;
  }

  /** For the `lookup` option of node's requests: the edge's address, or ENOTFOUND. */
  readonly lookup = (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    if (!this.resolves(hostname)) {
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname }), []);
    } else if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  };
}
