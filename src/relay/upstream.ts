// The way from a relay to its current server: which one it is, by which names it is called, and whether it speaks TLS.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createForwarder } from './forward.ts';
import type { Forwarder, Target } from './forward.ts';
import type { LocalLink } from './localLinks.ts';
import { local, ServerNames } from './names.ts';
import type { askForNames } from './names.ts';
import type { IsOwn } from './ownServerAgent.ts';
import { reloadTarget } from './reload.ts';
import { rejectUpgrade, respondStopped } from './responses.ts';
import { ServerAgents } from './serverAgents.ts';
import type { StartTimer } from './webSocketPing.ts';

export interface UpstreamOptions {
  /** The site's public address. */
  readonly site: URL;
  readonly isOwn: IsOwn;
  readonly startTimer: StartTimer;
  readonly ask: typeof askForNames;
  /** Called for addresses of the local machine in what visitors get. */
  readonly onLocalLink: (link: LocalLink) => void;
  /** Called when a visitor asks Vite for a module over its WebSocket; undefined if visitors may. */
  readonly onModuleRequest: (() => void) | undefined;
}

export class Upstream {
  readonly #site: URL;
  readonly #agents: ServerAgents;
  readonly #names: ServerNames;
  readonly #forward: Forwarder;
  #target: Target | null = null;

  constructor({ site, isOwn, startTimer, ask, onLocalLink, onModuleRequest }: UpstreamOptions) {
    this.#site = site;
    this.#agents = new ServerAgents(isOwn);
    this.#names = new ServerNames((target, signal) => ask(target, site, this.#agents.fresh(target), signal));
    this.#forward = createForwarder({
      site,
      agents: this.#agents,
      startTimer,
      onLocalLink,
      onModuleRequest,
      onTls: (plain, request, response) => {
        if (this.#target === plain) this.setTarget({ ...plain, secure: true });
        this.web(request, response);
      },
    });
  }

  get target(): Target | null {
    return this.#target;
  }

  /** Later requests go to this server; requests under way continue. */
  setTarget(target: Target | null): void {
    this.#target = target;
    this.#names.start(target);
  }

  /** Forwards a request, or shows the page that waits. */
  web(request: IncomingMessage, response: ServerResponse): void {
    const target = this.#target;
    if (target === null) return respondStopped(this.#site, request, response);
    this.#names.whenKnown((naming) => {
      const beside = reloadTarget(target, request.url ?? '', request.headers);
      if (!response.destroyed) this.#forward.web(request, response, beside ?? target, beside ? local : naming);
    });
  }

  webSocket(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const target = this.#target;
    if (target === null) return rejectUpgrade(socket, '503 Service Unavailable');
    const beside = reloadTarget(target, request.url ?? '', request.headers);
    this.#forward.webSocket(request, socket, head, beside ?? target);
  }

  close(): void {
    this.#names.start(null);
    this.#agents.destroy();
  }
}
