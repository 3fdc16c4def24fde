// Translates the listeners on a public port, and the result of a probe, into events of a site; says when to look again. Pure.
import { problemFor } from '../../messages/messages.ts';
import type { Target } from '../../relay/forward.ts';
import { isReachable } from '../../relay/target.ts';
import type { ProbeResult } from '../../relay/probeResult.ts';
import type { Listener } from '../../shell/listeners.ts';
import { leaseOf } from '../site/siteState.ts';
import type { AwaitingServer, Finding, Site, SiteEvent, Stopped } from '../site/siteState.ts';

/** Milliseconds between two looks: short at first, then longer; a full look reads the listeners, others only the processes. */
export const shortestPause = 100;
const longestPause = 2000;
export const fullLookPause = 10_000;

/** The result of one look at a public port. */
export interface PortListeners {
  /** Every listener on the port. */
  readonly onPort: readonly Listener[];
  /** The listeners of the terminal's processes, on any port. */
  readonly own: readonly Listener[];
  /** Those processes. */
  readonly pids?: readonly number[];
}

/**
 * For a site without a relay. `listening` still has to be confirmed by a probe.
 * @param uid the student's user id
 * @returns undefined when nothing changes
 */
export function eventOfListeners(
  site: Site,
  port: number,
  { onPort, own }: PortListeners,
  uid: number,
): SiteEvent | undefined {
  if (leaseOf(site) === undefined) return undefined;
  if (onPort.some((listener) => listener.uid !== uid))
    return { type: 'withdrawn', problem: problemFor('port-foreign', { port, owner: 'another user' }) };
  const inodes = new Set(own.map(({ inode }) => inode));
  const listening = isHeldByHand(site) ? onPort.length > 0 : onPort.some(({ inode }) => inodes.has(inode));
  const elsewhere = own.find((listener) => listener.port !== port)?.port;
  const silent: SiteEvent = { type: 'silent', ...(elsewhere !== undefined && { elsewhere }) };
  if (site.kind === 'live') return listening ? undefined : silent;
  if (site.kind !== 'waiting') return undefined;
  if (listening) return { type: 'listening' };
  return elsewhere === site.elsewhere && !hasProbeResult(site) ? undefined : silent;
}

/**
 * For a site behind a relay, whose server may have any port. `listening` still has to be confirmed by a probe.
 * @param own the listeners of the site's terminals
 * @param holder the student's own process that holds the port, if it is none of the site's terminals
 */
export function eventOfTarget(
  site: Site,
  target: Target | undefined,
  own: readonly Listener[] = [],
  holder?: Finding['heldBy'],
): SiteEvent | undefined {
  if (site.kind === 'live' && !target) return { type: 'silent' };
  if (site.kind !== 'waiting') return undefined;
  if (target) return { type: 'listening' };
  const unreachable = own.find(({ address }) => !isReachable(address))?.address;
  const isKnown = unreachable === site.unreachable && holder?.pid === site.heldBy?.pid;
  if (isKnown && !hasProbeResult(site)) return undefined;
  return { type: 'silent', ...(unreachable !== undefined && { unreachable }), ...(holder && { heldBy: holder }) };
}

/** For a site that waits for its server. */
export function eventOfProbe(site: AwaitingServer, result: ProbeResult): SiteEvent | undefined {
  switch (result.kind) {
    case 'live':
      return { type: 'listening' };
    case 'refuses': {
      const { server, why, file, fix } = result;
      return { type: 'visitorsRefused', refusal: { server, why, file, fix } };
    }
    case 'stopped':
    case 'silent':
      return site.mute ? undefined : { type: 'silent', mute: true };
  }
}

/** For a site whose command in this window has ended: another window of the student may serve the same port. */
export function eventOfStoppedProbe(site: Stopped, result: ProbeResult): SiteEvent | undefined {
  const answered = result.kind === 'live' || result.kind === 'refuses';
  if (answered === (site.answered ?? false)) return undefined;
  return { type: answered ? 'listening' : 'silent' };
}

/** The result of a probe is shown until its server is gone. */
const hasProbeResult = (site: AwaitingServer): boolean => site.refusal !== undefined || site.mute === true;

/** The student republished by hand, and no process of the command is known. */
export const isHeldByHand = (site: Site): boolean =>
  [...site.runs.values()].some((run) => run.running && run.process === undefined);

/**
 * Milliseconds until the next look at a site; undefined when none is needed.
 * @param previous the pause before the last look, 0 when the site has just come into its state
 */
export function pauseFor(site: Site, previous: number): number | undefined {
  if (leaseOf(site) === undefined) return undefined;
  switch (site.kind) {
    // Each probe makes a server that refuses it print a message in the student's terminal.
    case 'waiting':
      return Math.min(site.refusal ? fullLookPause : longestPause, Math.max(shortestPause, previous * 1.3));
    // A command that starts or ends may change which server visitors see.
    case 'live':
      return previous === 0 ? shortestPause : longestPause;
    case 'stopped':
      return previous === 0 ? shortestPause : fullLookPause;
    case 'away':
    case 'failed':
      return fullLookPause;
    case 'idle':
    case 'publishing':
    case 'notPublic':
      return undefined;
  }
}

/**
 * The servers that visitors do not see, of several commands with one port.
 * @param target the server that visitors see
 * @param ports the ports that each command's processes listen on
 */
export function eventOfOthers(
  site: Site,
  target: number,
  ports: readonly (readonly number[])[],
): SiteEvent | undefined {
  if (site.kind !== 'live') return undefined;
  const others = ports.filter((own) => !own.includes(target)).flatMap(([first]) => first ?? []);
  const hidden = [...new Set(others)].sort((a, b) => a - b);
  return String(hidden) === String(site.hidden ?? []) ? undefined : { type: 'hiddenServers', port: target, hidden };
}
