// Offers to make a server public that no watched command started: once for each program and folder, and never by itself.
import { t } from '../../messages/texts.ts';
import { candidateTargets, type SniffPort } from '../../relay/target.ts';
import { isAncestor } from '../../shell/endProgram.ts';
import type { OtherServer } from '../../shell/otherServers.ts';
import { pidOf, runs } from '../../shell/processIds.ts';
import type { Info } from '../cli/events.ts';
import { isRunning, leaseOf, idleSite } from '../site/siteState.ts';
import type { WindowState } from '../site/windowState.ts';
import type { OfferMemory } from './offerMemory.ts';

/** A server that answers visitors, and where it would be public. */
export interface Offer {
  readonly server: OtherServer;
  /** The port that it listens on. */
  readonly port: number;
  /** The port whose site would show it. */
  readonly sitePort: number;
  /** The port that visitors of that site see now, if it shows another server. */
  readonly instead?: number;
  /** It would get a hostname of its own. */
  readonly isExtra: boolean;
}

export type OfferAnswer = 'public' | 'notNow' | 'never';

export interface ServerOffersOptions {
  readonly state: () => WindowState;
  readonly info: () => Info | undefined;
  readonly sniff: SniffPort;
  /** The port that visitors of a site see. */
  readonly shownPort: (sitePort: number) => number | undefined;
  readonly memory: OfferMemory;
  /** Whether a program belongs to this extension. */
  readonly isOurs: (program: string) => boolean;
  /** Undefined if the student closed the offer. */
  readonly ask: (offer: Offer) => PromiseLike<OfferAnswer | undefined>;
  readonly accept: (offer: Offer) => void;
}

/** A server that gives no page is asked so often: it may still be starting, or speak another protocol. */
const maxTries = 10;

export class ServerOffers {
  readonly #options: ServerOffersOptions;
  /** Programs that are being asked, or were offered. */
  readonly #done = new Set<string>();
  readonly #tries = new Map<string, number>();
  /** The servers that the student made public, by terminal. */
  readonly #accepted = new Set<string>();

  constructor(options: ServerOffersOptions) {
    this.#options = options;
  }

  /** Call it with the servers that a scan found. */
  async seen(servers: readonly OtherServer[]): Promise<void> {
    await Promise.all(servers.filter((server) => this.#isNew(server)).map((server) => this.#consider(server)));
  }

  /** The server as it would be public, if it answers with a page or an API; undefined if it does not. */
  async find(server: OtherServer): Promise<Offer | undefined> {
    const targets = candidateTargets(server.listeners);
    const results = await Promise.all(targets.map(this.#options.sniff));
    // An extension may have listeners that are meant for itself.
    const best = (['page', ...(server.program === '' ? [] : (['http'] as const))] as const).find((result) =>
      results.includes(result),
    );
    const port = targets[results.findIndex((result) => result === best)]?.port;
    const { info, state } = this.#options;
    const current = info();
    if (best === undefined || port === undefined || !current || !runs(server.process)) return undefined;
    return { server, port, ...this.#placeOf(port, current, state()) };
  }

  /** The places where a server can be shown that is not shown there now. */
  choicesFor(offer: Offer): Offer[] {
    if (!offer.isExtra) return this.#isShown(offer) ? [] : [offer];
    if (this.#isShown(offer)) return [];
    const assigned = this.#options.info()?.port ?? offer.port;
    const atLink: Offer = { ...offer, sitePort: assigned, isExtra: false };
    return this.#isShown(atLink) ? [] : [atLink, offer];
  }

  /** Makes the server public, and remembers that the student said so. */
  accept(offer: Offer): void {
    const { server } = offer;
    this.#done.add(idOf(server));
    this.#accepted.add(`${server.shell}\n${keyOf(server)}`);
    this.#options.accept(offer);
  }

  #placeOf(port: number, info: Info, state: WindowState): Pick<Offer, 'sitePort' | 'instead' | 'isExtra'> {
    // Without a relay, a site shows exactly its own port.
    if (info.port === null || info.socketFolder === null) return { sitePort: port, isExtra: false };
    const site = state.sites.get(info.port) ?? idleSite;
    const isUsed = isRunning(site) && leaseOf(site) !== undefined;
    const [first = 0, last = -1] = info.extraPorts ?? [];
    if (isUsed && port !== info.port && port >= first && port <= last) return { sitePort: port, isExtra: true };
    const shown = isUsed ? this.#options.shownPort(info.port) : undefined;
    return { sitePort: info.port, isExtra: false, ...(shown !== undefined && shown !== port && { instead: shown }) };
  }

  #isNew(server: OtherServer): boolean {
    const { info, isOurs, memory } = this.#options;
    const id = idOf(server);
    if (this.#done.has(id) || info() === undefined || isOurs(server.program)) return false;
    const pid = pidOf(server.process);
    if (pid !== process.pid && isAncestor(pid, process.pid)) return false; // it runs this window
    return !memory.isNever(server.folder) && (this.#tries.get(id) ?? 0) < maxTries;
  }

  async #consider(server: OtherServer): Promise<void> {
    const id = idOf(server);
    this.#done.add(id);
    const offer = await this.find(server);
    if (!offer || this.#isShown(offer)) {
      this.#tries.set(id, (this.#tries.get(id) ?? 0) + 1);
      this.#done.delete(id);
      return;
    }
    if (this.#continues(offer)) {
      this.accept(offer);
      return;
    }
    const { memory, ask } = this.#options;
    const key = keyOf(server);
    if (memory.wasOffered(key)) return;
    memory.offered(key);
    const answer = await ask(offer);
    if (answer === 'never') memory.never(server.folder);
    if (answer !== 'public') return;
    memory.forget(key); // the next start is a new question
    const now = await this.find(server); // its place may have changed while the question stood
    if (now) this.accept(now);
  }

  #isShown({ port, sitePort }: Offer): boolean {
    const site = this.#options.state().sites.get(sitePort);
    return site !== undefined && leaseOf(site) !== undefined && this.#options.shownPort(sitePort) === port;
  }

  /** Whether the student made this program public in this terminal, and its site is still held there. */
  #continues({ server, sitePort }: Offer): boolean {
    const site = this.#options.state().sites.get(sitePort);
    if (!site || leaseOf(site) === undefined || isRunning(site)) return false;
    return site.runs.has(server.shell) && this.#accepted.has(`${server.shell}\n${keyOf(server)}`);
  }
}

const portsOf = ({ listeners }: OtherServer): string =>
  [...new Set(listeners.map(({ port }) => port))].sort((a, b) => a - b).join(' ');

/** The servers of extensions share a process, and are told apart by their ports. */
const idOf = (server: OtherServer): string =>
  server.program === '' ? `${server.process} ${portsOf(server)}` : server.process;

const keyOf = (server: OtherServer): string => `${server.folder ?? ''}\n${server.program || portsOf(server)}`;

/** The question to the student. Pure. */
export function offerText({ port, instead, isExtra }: Offer): string {
  const question = t('A server of yours runs on port {port}. Make it public?', { port });
  if (isExtra) return `${question} ${t('It gets an address of its own.')}`;
  if (instead === undefined) return question;
  return `${question} ${t('Your link then shows it, and no longer your server on port {instead}.', { instead })}`;
}
