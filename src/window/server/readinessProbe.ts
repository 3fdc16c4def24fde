// Asks a site what its visitors will ask, to know whether it is live: for each port once at a time.
import { withDeadline } from '../../deadline.ts';
import type { Target } from '../../relay/forward.ts';
import { probe } from '../../relay/probe.ts';
import type { ProbeResult } from '../../relay/probeResult.ts';

export interface ReadinessProbe {
  /** The site's public address. */
  readonly url: string;
  /** The server that is to answer. */
  readonly target: Target;
  /** Where the site's relay is reached; without one the tunnel leads straight to the server. */
  readonly socketPath: string | undefined;
}

/** How long a first page may be made before it is asked for once more. Milliseconds. */
const PATIENCE = 30_000;

export class ReadinessProbes {
  readonly #underWay = new Map<number, { readonly key: string; readonly ending: AbortController }>();
  readonly #patience: number;

  constructor(patience = PATIENCE) {
    this.#patience = patience;
  }

  /**
   * Never rejects, and takes a bounded time.
   * @returns undefined where the same visit is under way, and where it was ended meanwhile
   */
  async visit(port: number, { url, target, socketPath }: ReadinessProbe): Promise<ProbeResult | undefined> {
    const key = JSON.stringify([url, target, socketPath]);
    if (this.#underWay.get(port)?.key === key || !URL.canParse(url)) return undefined;
    this.end(port);
    const ending = new AbortController();
    this.#underWay.set(port, { key, ending });
    const door = socketPath === undefined ? { host: target.address, port: target.port } : { socketPath };
    const verdict = await withDeadline(this.#patience, [ending.signal], (signal) =>
      probe({ address: door, site: new URL(url), server: target.server, signal }),
    );
    if (ending.signal.aborted) return undefined;
    this.#underWay.delete(port);
    return verdict;
  }

  /** What is under way at this port is of no interest any more. */
  end(port: number): void {
    this.#underWay.get(port)?.ending.abort();
    this.#underWay.delete(port);
  }
}
