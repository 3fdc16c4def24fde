// Probes a site as its visitors reach it, to find out whether it is live: one probe at a time for each port.
import { withDeadline } from '../../deadline.ts';
import type { DevServerName } from '../../relay/devServers.ts';
import type { Target } from '../../relay/forward.ts';
import { probe } from '../../relay/probe.ts';
import type { ProbeAddress } from '../../relay/probe.ts';
import type { ProbeResult } from '../../relay/probeResult.ts';

export interface ReadinessProbe {
  /** The site's public address. */
  readonly url: string;
  readonly address: ProbeAddress;
  readonly server: DevServerName | undefined;
  /** The server that is expected to respond: with another one, a new probe begins. */
  readonly target: Target | undefined;
  /** The path that the server printed. */
  readonly path?: string | undefined;
  /** The cookie that passes the relay of a private site. */
  readonly cookie?: () => string | undefined;
}

/** How long a first page may take before it is requested again. Milliseconds. */
const timeout = 30_000;

export class ReadinessProbes {
  readonly #running = new Map<number, { readonly key: string; readonly ending: AbortController }>();
  readonly #timeout: number;

  /** @param milliseconds the limit of each probe */
  constructor(milliseconds = timeout) {
    this.#timeout = milliseconds;
  }

  /**
   * Never rejects, and takes a bounded time.
   * @returns undefined when the same probe is running already, and when this one was ended
   */
  async probe(port: number, what: ReadinessProbe): Promise<ProbeResult | undefined> {
    const { url, address, server, path, cookie } = what;
    const key = JSON.stringify(what);
    if (this.#running.get(port)?.key === key || !URL.canParse(url)) return undefined;
    this.end(port);
    const ending = new AbortController();
    this.#running.set(port, { key, ending });
    const result = await withDeadline(this.#timeout, [ending.signal], (signal) =>
      probe({ address, site: new URL(url), server, path, signal, cookie: cookie?.() }),
    );
    if (ending.signal.aborted) return undefined;
    this.#running.delete(port);
    return result;
  }

  /** Ends the probe of this port, if one is running. */
  end(port: number): void {
    this.#running.get(port)?.ending.abort();
    this.#running.delete(port);
  }
}
