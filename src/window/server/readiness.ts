// Does the server listen, is it this student's own, and does a visitor get an answer? Asked only while a port is public:
// quickly at first, then seldom.
import { problemFor } from '../../messages/messages.ts';
import { runs, type ShellId } from '../../shell/processIds.ts';
import { serverOfProcesses } from '../../relay/devServers.ts';
import type { Target } from '../../relay/forward.ts';
import { sniffPort } from '../../relay/sniffPort.ts';
import { candidateTargets, findTarget } from '../../relay/target.ts';
import type { ProbeResult } from '../../relay/probeResult.ts';
import { listeners, listenersOf, type Listener } from '../../shell/listeners.ts';
import { readProcess } from '../../shell/processes.ts';
import { treeOf } from '../../shell/terminalProcesses.ts';
import type { Relays } from './relays.ts';
import { isRunning, leaseOf } from '../site/siteState.ts';
import type { Site, SiteEvent, AwaitingServer } from '../site/siteState.ts';
import type { WindowState, WindowEvent } from '../site/windowState.ts';
import { ReadinessProbes } from './readinessProbe.ts';

/** Milliseconds: a server that starts is asked after ever longer pauses; one that listens, for its process only, until the next full look. */
const shortest = 100;
const longest = 2000;
const fullLook = 10_000;

/** What listens, as one look at a public port sees it. */
export interface PortListeners {
  /** Every listener on the port. */
  readonly onPort: readonly Listener[];
  /** What the terminal's own processes listen on, on any port. */
  readonly own: readonly Listener[];
  /** Those processes. */
  readonly pids?: readonly number[];
}

/**
 * What the findings mean for a site. Pure. `listening` is a claim that a visit has to confirm.
 * @param uid the student's user id
 * @returns undefined where they mean nothing new
 */
export function judgeDirect(
  site: Site,
  port: number,
  { onPort, own }: PortListeners,
  uid: number,
): SiteEvent | undefined {
  if (leaseOf(site) === undefined) return undefined;
  if (onPort.some((listener) => listener.uid !== uid))
    return { type: 'withdrawn', problem: problemFor('port-foreign', { port, owner: 'another user' }) };
  const inodes = new Set(own.map(({ inode }) => inode));
  const listening = heldByHand(site) ? onPort.length > 0 : onPort.some(({ inode }) => inodes.has(inode));
  const elsewhere = own.find((listener) => listener.port !== port)?.port;
  if (site.kind === 'live')
    return listening ? undefined : { type: 'silent', ...(elsewhere !== undefined && { elsewhere }) };
  if (site.kind !== 'waiting') return undefined;
  if (listening) return { type: 'listening' };
  return elsewhere === site.elsewhere && !hasAnswered(site)
    ? undefined
    : { type: 'silent', ...(elsewhere !== undefined && { elsewhere }) };
}

/** What it means for a site behind a relay that its server was found, or was not. Pure. */
export function judgeRelayed(site: Site, target: Target | undefined): SiteEvent | undefined {
  if (site.kind === 'live' && !target) return { type: 'silent' };
  if (site.kind !== 'waiting') return undefined;
  if (target) return { type: 'listening' };
  return hasAnswered(site) ? { type: 'silent' } : undefined;
}

/** What it means for a site that waits how a visitor fared there. Pure. */
export function judgeVisit(site: AwaitingServer, verdict: ProbeResult): SiteEvent | undefined {
  switch (verdict.kind) {
    case 'live':
      return { type: 'listening' };
    case 'refuses': {
      const { server, why, file, fix } = verdict;
      return { type: 'visitorsRefused', refusal: { server, why, file, fix } };
    }
    case 'stopped':
    case 'silent':
      return site.mute ? undefined : { type: 'silent', mute: true };
  }
}

/** It is shown how the server took a visitor: that is over when the server is. */
const hasAnswered = (site: AwaitingServer): boolean => site.refusal !== undefined || site.mute === true;

/** Milliseconds until the next look at a site; undefined where there is nothing to look at. Pure. */
export function pauseFor(site: Site, previous: number): number | undefined {
  if (leaseOf(site) === undefined) return undefined;
  switch (site.kind) {
    // A server that refuses may say so in the student's terminal, each time it is asked.
    case 'waiting':
      return Math.min(site.refusal ? fullLook : longest, Math.max(shortest, previous * 1.3));
    case 'live':
      return longest;
    case 'stopped':
    case 'away':
    case 'failed':
      return fullLook;
    case 'idle':
    case 'publishing':
    case 'notPublic':
      return undefined;
  }
}

export interface ReadinessWatcherOptions {
  readonly dispatch: (event: WindowEvent) => void;
  /** Looks into a terminal for its commands. */
  readonly look: (shell: ShellId) => void;
  readonly uid: number;
  readonly relays: Pick<Relays, 'socketOf' | 'setTarget'>;
  readonly visits?: ReadinessProbes;
}

interface Watch {
  kind: Site['kind'];
  timer: NodeJS.Timeout;
  pause: number;
  sinceFullLook: number;
}

/** Follows the window's state: one timer for each public port, none while nothing is public. */
export class ReadinessWatcher {
  readonly #watches = new Map<number, Watch>();
  readonly #options: ReadinessWatcherOptions;
  readonly #visits: ReadinessProbes;
  #state: WindowState | undefined;

  constructor(options: ReadinessWatcherOptions) {
    this.#options = options;
    this.#visits = options.visits ?? new ReadinessProbes();
  }

  /** To be called after each change of the state. */
  follow(state: WindowState): void {
    this.#state = state;
    for (const port of [...this.#watches.keys()]) if (!state.sites.has(port)) this.#end(port);
    for (const [port, site] of state.sites) {
      if (this.#watches.get(port)?.kind === site.kind) continue;
      this.#end(port);
      this.#schedule(port, site, 0, fullLook);
    }
  }

  dispose(): void {
    for (const port of [...this.#watches.keys()]) this.#end(port);
  }

  #schedule(port: number, site: Site, previous: number, sinceFullLook: number): void {
    const pause = pauseFor(site, previous);
    if (pause === undefined) return;
    const timer = setTimeout(() => this.#look(port), pause);
    timer.unref();
    this.#watches.set(port, { kind: site.kind, timer, pause, sinceFullLook: sinceFullLook + pause });
  }

  #end(port: number): void {
    clearTimeout(this.#watches.get(port)?.timer);
    this.#watches.delete(port);
    this.#visits.end(port);
  }

  #look(port: number): void {
    const watch = this.#watches.get(port);
    const site = this.#state?.sites.get(port);
    if (!watch || !site) return;
    const isFull = site.kind !== 'live' || watch.sinceFullLook >= fullLook;
    this.#schedule(port, site, watch.pause, isFull ? 0 : watch.sinceFullLook);
    for (const [shell, run] of site.runs) {
      if (isRunning(site) ? run.process !== undefined && run.running && !runs(run.process) : isFull)
        this.#options.look(shell);
    }
    if (isFull) void this.#examine(site, port);
  }

  async #examine(site: Site, port: number): Promise<void> {
    const { dispatch, relays, uid } = this.#options;
    const found = findings(site, port);
    const socketPath = relays.socketOf(port);
    const place =
      socketPath === undefined ? candidateTargets(found.onPort)[0] : await this.#findServer(site, port, found);
    const target = place && { ...place, ...named(found) };
    if (this.#state?.sites.get(port) !== site) return; // it has moved on while the server was asked
    if (socketPath !== undefined) relays.setTarget(port, target ?? null);
    const event = socketPath === undefined ? judgeDirect(site, port, found, uid) : judgeRelayed(site, target);
    if (event?.type === 'listening' && target && site.kind === 'waiting') {
      void this.#visit(site, port, target, socketPath);
      return;
    }
    this.#visits.end(port);
    if (event && event.type !== 'listening') dispatch({ type: 'site', port, event });
  }

  /** Only what a visitor gets an answer from is live. */
  async #visit(site: AwaitingServer, port: number, target: Target, socketPath: string | undefined): Promise<void> {
    const verdict = await this.#visits.visit(port, { url: site.lease.publication.url, target, socketPath });
    const now = this.#state?.sites.get(port);
    if (!verdict || now?.kind !== 'waiting' || now.runs !== site.runs) return; // another run, another server: it is visited again
    const event = judgeVisit(now, verdict);
    if (event) this.#options.dispatch({ type: 'site', port, event });
  }

  /** The server of this site, on whatever port it took; one of another site is not it. */
  async #findServer(site: Site, port: number, { own, onPort }: PortListeners): Promise<Target | undefined> {
    const candidates = own.filter((listener) => listener.port === port || !this.#state?.sites.has(listener.port));
    const byHand = heldByHand(site) ? onPort.filter((listener) => listener.uid === this.#options.uid) : [];
    return findTarget([...candidates, ...byHand], port, sniffPort);
  }
}

/** Which server it is, as far as its processes say. */
function named({ pids = [] }: PortListeners): Pick<Target, 'server'> {
  const server = serverOfProcesses(pids.flatMap((pid) => readProcess(pid) ?? []));
  return server ? { server } : {};
}

/** The student said so, and no process of the command is known. */
const heldByHand = (site: Site): boolean =>
  [...site.runs.values()].some((run) => run.running && run.process === undefined);

function findings(site: Site, port: number): PortListeners {
  const pids = [...site.runs].flatMap(([shell, run]) => treeOf(shell, run.process === undefined ? [] : [run.process]));
  return { onPort: listeners().filter((listener) => listener.port === port), own: listenersOf(pids), pids };
}
