// Translates the listeners on a public port, and the result of a probe, into events of a site; says when to look again. Pure.
import { problemFor } from '../../messages/messages.ts';
import { textOf } from '../../messages/texts.ts';
import type { Target } from '../../relay/forward.ts';
import { isLoopback } from '../../relay/target.ts';
import type { ProbeResult } from '../../relay/probeResult.ts';
import type { Listener } from '../../shell/listeners.ts';
import { leaseOf } from '../site/siteState.ts';
import type { AwaitingServer, Finding, Holder, Site, SiteEvent, Stopped } from '../site/siteState.ts';

/** Milliseconds between two looks: short at first, then longer; a full look reads the listeners, others only the processes. */
export const shortestPause = 100;
const longestPause = 2000;
export const fullLookPause = 10_000;

/** The result of one look at a public port. */
export interface PortListeners {
  /** Every listener on the port. */
  readonly onPort: readonly Listener[];
  /** The listeners of the site's commands, on any port. */
  readonly own: readonly Listener[];
  /** Those on the site's port of everything else in its terminals. */
  readonly beside?: readonly Listener[];
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
    return { type: 'withdrawn', problem: problemFor('port-foreign', { port, owner: textOf('another user') }) };
  const inodes = new Set(own.map(({ inode }) => inode));
  const reached = onPort.filter(({ address }) => isLoopback(address));
  const listening = isHeldByHand(site) ? reached.length > 0 : reached.some(({ inode }) => inodes.has(inode));
  const elsewhere = own.find((listener) => listener.port !== port)?.port;
  const unreachable = own.find((listener) => listener.port === port && !isLoopback(listener.address))?.address;
  const finding: Finding = {
    ...(elsewhere !== undefined && { elsewhere }),
    ...(unreachable !== undefined && { unreachable }),
  };
  const silent: SiteEvent = { type: 'silent', ...finding };
  if (site.kind === 'live') return listening ? undefined : silent;
  if (site.kind !== 'waiting') return undefined;
  if (listening) return { type: 'listening' };
  return isKnown(site, finding) ? undefined : silent;
}

/**
 * For a site behind a relay, whose server may have any port. `listening` still has to be confirmed by a probe.
 * @param finding the reason why no server was found, as far as it is known
 */
export function eventOfTarget(site: Site, target: Target | undefined, finding: Finding = {}): SiteEvent | undefined {
  if (site.kind === 'live' && !target) return { type: 'silent' };
  if (site.kind !== 'waiting') return undefined;
  if (target) return { type: 'listening' };
  return isKnown(site, finding) ? undefined : { type: 'silent', ...finding };
}

/** Whether a site shows this finding and nothing else. */
function isKnown(site: AwaitingServer, finding: Finding): boolean {
  const { elsewhere, unreachable, heldBy, foreign } = site;
  return (
    !hasProbeResult(site) &&
    elsewhere === finding.elsewhere &&
    unreachable === finding.unreachable &&
    foreign === finding.foreign &&
    isSameHolder(heldBy, finding.heldBy)
  );
}

const isSameHolder = (a: Holder | undefined, b: Holder | undefined): boolean =>
  a?.process === b?.process && a?.command === b?.command;

/** For a site that waits for its server. */
export function eventOfProbe(site: AwaitingServer, result: ProbeResult): SiteEvent | undefined {
  switch (result.kind) {
    case 'live':
      return { type: 'listening', ...(result.path !== undefined && { path: result.path }) };
    case 'refuses': {
      const { server, why, file, fix } = result;
      return { type: 'visitorsRefused', refusal: { server, why, file, fix } };
    }
    case 'stopped':
    case 'silent':
      return site.mute ? undefined : { type: 'silent', mute: true };
  }
}

/**
 * For a site whose command in this window has ended: another window of the student may serve the same port.
 * @param holder the student's program that holds the port
 */
export function eventOfStoppedProbe(site: Stopped, result: ProbeResult, holder?: Holder): SiteEvent | undefined {
  const answered = result.kind === 'live' || result.kind === 'refuses';
  const heldBy = answered ? undefined : holder;
  if (answered === (site.answered ?? false) && isSameHolder(site.heldBy, heldBy)) return undefined;
  return answered ? { type: 'listening' } : { type: 'silent', ...(heldBy && { heldBy }) };
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
