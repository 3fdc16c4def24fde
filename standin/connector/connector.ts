// The stand-in for cloudflared: it applies the configurations that are pushed to it, and carries requests to the services.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { TunnelConfig } from '../world.ts';
import { whyRefused } from './loading.ts';

/** The protocol between cloudflared and the edge. It falls back from `quic` to `http2` where UDP is blocked. */
export type Protocol = 'quic' | 'http2';

/** A configuration that cloudflared did not load. It only writes the reason to its log. */
export interface RefusedConfig {
  version: number;
  reason: string;
}

export interface ConnectorOptions {
  clock: Clock;
  /** The time from a save until it reaches the connector, in milliseconds; called for each save. */
  pushDelayMs: () => number;
}

export class Connector {
  readonly id = randomUUID();
  /** May be changed at any time; holds for requests from then on. */
  protocol: Protocol = 'quic';
  readonly refused: RefusedConfig[] = [];
  readonly #options: ConnectorOptions;
  readonly #pending = new Set<() => void>();
  readonly #carried = new Set<() => void>();
  #version = -1;
  #config: TunnelConfig | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** The version of the configuration in use; -1 until one was applied, as cloudflared's own /config says. */
  get version(): number {
    return this.#version;
  }

  /** The configuration in use; undefined until one was applied. Requests are answered 503 until then. */
  get config(): TunnelConfig | undefined {
    return this.#config;
  }

  /** Sends a saved configuration on its way. One that is no newer than the one in use is ignored on arrival. */
  push(version: number, config: TunnelConfig, delayMs = this.#options.pushDelayMs()): void {
    if (delayMs <= 0) {
      this.#receive(version, config);
      return;
    }
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#pending.delete(cancel);
      this.#receive(version, config);
    });
    this.#pending.add(cancel);
  }

  /** Registers what has to be cut when cloudflared ends; returns the function that takes it off the list. */
  carry(cut: () => void): () => void {
    this.#carried.add(cut);
    return () => void this.#carried.delete(cut);
  }

  /** The process ends: everything it carries is cut, and it forgets its configuration. */
  stop(): void {
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
    for (const cut of [...this.#carried]) cut();
    this.#carried.clear();
    this.#version = -1;
    this.#config = undefined;
  }

  toJSON(): Record<string, unknown> {
    return { version: this.#version, protocol: this.protocol, refused: this.refused };
  }

  #receive(version: number, config: TunnelConfig): void {
    if (version <= this.#version) return;
    const reason = whyRefused(config);
    if (reason === undefined) {
      this.#version = version;
      this.#config = config;
    } else this.refused.push({ version, reason });
  }
}
