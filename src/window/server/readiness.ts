// Watches the server behind each public port: whether it listens, belongs to the student, and gives visitors a response.
// Looks often at first, then rarely, and never while nothing is public.
import type { DevServerName } from '../../relay/devServers.ts';
import type { Target } from '../../relay/forward.ts';
import type { ProbeResult } from '../../relay/probeResult.ts';
import { SniffMemory } from '../../relay/sniffMemory.ts';
import { sniffPort } from '../../relay/sniffPort.ts';
import { candidateTargets, findTarget } from '../../relay/target.ts';
import { listenersOf } from '../../shell/listeners.ts';
import { pidOf, runs, type ShellId } from '../../shell/processIds.ts';
import { processIds } from '../../shell/processes.ts';
import { chosenRun, holderOf, isRunning, leaseOf } from '../site/siteState.ts';
import type { Finding, Holder, Publication, Site, SiteEvent } from '../site/siteState.ts';
import type { WindowState, WindowEvent } from '../site/windowState.ts';
import {
  eventOfListeners,
  eventOfOthers,
  eventOfProbe,
  eventOfStoppedProbe,
  eventOfTarget,
  fullLookPause,
  isHeldByHand,
  pauseFor,
} from './readinessEvents.ts';
import type { PortListeners } from './readinessEvents.ts';
import { ReadinessProbes } from './readinessProbe.ts';
import type { Relays } from './relays.ts';
import { describeHolder, findListeners, knownServer, mayGrow, portsOfCommands } from './siteProcesses.ts';

export interface ReadinessWatcherOptions {
  readonly dispatch: (event: WindowEvent) => void;
  /** Scans a terminal for its commands. */
  readonly look: (shell: ShellId) => void;
  /** The student's user id. */
  readonly uid: number;
  readonly relays: Pick<Relays, 'socketOf' | 'setTarget' | 'cookieFor'>;
  readonly probes?: ReadinessProbes;
  /** The path that the server on a port printed, if it is not `/`. */
  readonly pathOf?: (port: number) => string | undefined;
  /** Called when a server is found for a site, with its working folder. */
  readonly onServer?: (server: DevServerName | undefined, folder: string) => void;
  /** Called when visitors of a live site see the server on `port`, and no longer the one on `previous`. */
  readonly onMoved?: (port: number, previous: number) => void;
  /** As `onMoved`, after the student chose that server. */
  readonly onChosen?: (port: number, publication: Publication) => void;
}

interface Watch {
  readonly kind: Site['kind'];
  readonly runs: Site['runs'];
  readonly timer: NodeJS.Timeout;
  /** Milliseconds. */
  readonly pause: number;
  readonly sinceFullLook: number;
}

/** One timer for each public port. */
export class ReadinessWatcher {
  readonly #watches = new Map<number, Watch>();
  readonly #options: ReadinessWatcherOptions;
  readonly #probes: ReadinessProbes;
  readonly #sniffs = new SniffMemory(sniffPort, () => performance.now());
  /** The port that visitors of each site see. */
  readonly #shown = new Map<number, number>();
  #state: WindowState | undefined;

  constructor(options: ReadinessWatcherOptions) {
    this.#options = options;
    this.#probes = options.probes ?? new ReadinessProbes();
  }

  /** Call it after each change of the state. */
  follow(state: WindowState): void {
    this.#state = state;
    for (const port of [...this.#watches.keys()]) if (!state.sites.has(port)) this.#end(port);
    for (const [port, site] of state.sites) {
      const watch = this.#watches.get(port);
      if (watch?.kind === site.kind && watch.runs === site.runs) continue;
      this.#end(port);
      this.#schedule(port, site, 0, fullLookPause);
    }
  }

  /** Looks at a port now: something of it was changed. */
  lookNow(port: number): void {
    const site = this.#state?.sites.get(port);
    if (!site) return;
    this.#end(port);
    this.#schedule(port, site, 0, fullLookPause);
  }

  dispose(): void {
    for (const port of [...this.#watches.keys()]) this.#end(port);
  }

  #schedule(port: number, site: Site, previous: number, sinceFullLook: number): void {
    const pause = pauseFor(site, previous);
    if (pause === undefined) return;
    const timer = setTimeout(() => this.#look(port), pause);
    timer.unref();
    this.#watches.set(port, { kind: site.kind, runs: site.runs, timer, pause, sinceFullLook: sinceFullLook + pause });
  }

  #end(port: number): void {
    clearTimeout(this.#watches.get(port)?.timer);
    this.#watches.delete(port);
    this.#probes.end(port);
  }

  #look(port: number): void {
    const watch = this.#watches.get(port);
    const site = this.#state?.sites.get(port);
    if (!watch || !site) return;
    const isFull = site.kind !== 'live' || watch.sinceFullLook >= fullLookPause;
    this.#schedule(port, site, watch.pause, isFull ? 0 : watch.sinceFullLook);
    for (const [shell, run] of site.runs) {
      const hasEnded = run.process !== undefined && run.running && !runs(run.process);
      if (isRunning(site) ? hasEnded : isFull) this.#options.look(shell);
    }
    if (isFull) void this.#lookFully(site, port);
  }

  async #lookFully(site: Site, port: number): Promise<void> {
    const { relays, uid } = this.#options;
    const found = findListeners(site, port);
    const socketPath = relays.socketOf(port);
    const place =
      socketPath === undefined ? candidateTargets(found.onPort)[0] : await this.#findServer(site, port, found);
    const { folder, ...known } = place ? knownServer(found, place) : {};
    const target = place && { ...place, ...known };
    if (this.#state?.sites.get(port) !== site) return; // the site has changed during the search
    if (folder !== undefined && this.#shown.get(port) !== place?.port) this.#options.onServer?.(known.server, folder);
    if (socketPath !== undefined) relays.setTarget(port, target ?? null);
    this.#noteShown(site, port, target);
    if (site.kind === 'stopped' && socketPath !== undefined) {
      await this.#probe(site, port, undefined, socketPath, this.#holder(site, found));
      return;
    }
    const event =
      socketPath === undefined
        ? eventOfListeners(site, port, found, uid)
        : eventOfTarget(site, target, target ? {} : this.#findingOf(site, found));
    if (event?.type === 'listening') {
      if (target) await this.#probe(site, port, target, socketPath);
      return;
    }
    this.#probes.end(port);
    const next = event ?? (target && eventOfOthers(site, target.port, portsOfCommands(site)));
    if (next) this.#dispatch(port, next);
  }

  /** The reason why a site has no server, as far as the listeners on its port tell. */
  #findingOf(site: Site, found: PortListeners): Finding {
    const heldBy = this.#holder(site, found);
    const foreign = found.onPort.some(({ uid }) => uid !== this.#options.uid);
    return { ...(heldBy && { heldBy }), ...(foreign && { foreign }) };
  }

  /** The student's own program that listens on the port and is of no terminal of the site. */
  #holder(site: Site, { onPort, own, beside = [] }: PortListeners): Holder | undefined {
    const mine = onPort.find(({ uid }) => uid === this.#options.uid);
    if (!mine || chosenRun(site) || [...own, ...beside].some(({ inode }) => inode === mine.inode)) return undefined;
    // The one that was found before is asked first: a search reads the descriptors of every process.
    const known = holderOf(site)?.process;
    const holds = (id: number): boolean => listenersOf([id]).some(({ inode }) => inode === mine.inode);
    const pid = [...(known === undefined ? [] : [pidOf(known)]), ...processIds()].find(holds);
    return pid === undefined ? undefined : describeHolder(pid);
  }

  #noteShown(site: Site, port: number, target: Target | undefined): void {
    const previous = this.#shown.get(port);
    if (!target) this.#shown.delete(port);
    else this.#shown.set(port, target.port);
    if (site.kind !== 'live' || !target || previous === undefined || previous === target.port) return;
    const { onChosen, onMoved } = this.#options;
    if (chosenRun(site)?.shows === target.port) onChosen?.(target.port, site.lease.publication);
    else onMoved?.(target.port, previous);
  }

  /** A server that listens is live only when visitors get a response. */
  async #probe(
    site: Site,
    port: number,
    target: Target | undefined,
    socketPath: string | undefined,
    holder?: Holder,
  ): Promise<void> {
    const lease = leaseOf(site);
    const address = socketPath === undefined ? target && { host: target.address, port: target.port } : { socketPath };
    if (!lease || !address) return;
    const { url } = lease.publication;
    const path = target && this.#options.pathOf?.(target.port);
    const result = await this.#probes.probe(port, {
      ...{ url, address, server: target?.server, target, path },
      ...(socketPath !== undefined && { cookie: () => this.#options.relays.cookieFor(url) }),
    });
    const now = this.#state?.sites.get(port);
    if (!result || now?.kind !== site.kind || now.runs !== site.runs) return; // another command runs: it is probed next
    const event = eventOf(now, result, holder);
    if (event) this.#dispatch(port, event);
  }

  #dispatch(port: number, event: SiteEvent): void {
    this.#options.dispatch({ type: 'site', port, event });
  }

  /** The server of this site, on whichever port; ports of the window's other sites are left out. */
  async #findServer(site: Site, port: number, { own, onPort, pids = [] }: PortListeners): Promise<Target | undefined> {
    const chosen = chosenRun(site)?.shows;
    const shown = own.filter((listener) => listener.port === chosen);
    if (shown.length > 0) return candidateTargets(shown)[0];
    const candidates = own.filter((listener) => listener.port === port || !this.#state?.sites.has(listener.port));
    const byHand = isHeldByHand(site) ? onPort.filter((listener) => listener.uid === this.#options.uid) : [];
    const all = [...candidates, ...byHand];
    return findTarget(all, port, this.#sniffs.of(all, site.kind === 'live'), mayGrow(site, pids));
  }
}

function eventOf(site: Site, result: ProbeResult, holder: Holder | undefined): SiteEvent | undefined {
  if (site.kind === 'waiting') return eventOfProbe(site, result);
  return site.kind === 'stopped' ? eventOfStoppedProbe(site, result, holder) : undefined;
}
