// The states that a round stores: before, while and after it changes Cloudflare. Pure.
import { noControls } from './controls.ts';
import type { DesiredState } from './desiredState.ts';
import { localPort, ruleOf } from './ingress.ts';
import { isMarkedOn, parseMarker, type Marker } from './marker.ts';
import { recordTarget, type DnsRecord, type Remote, type Scope } from './plan.ts';
import {
  isRelayService,
  type IdleRecord,
  type SiteKey,
  type StoredPublication,
  type StoredState,
} from './publications.ts';
import type { Result } from './transaction.ts';

/** By what our own records are known. */
export interface Ownership {
  readonly machine: string;
  readonly scope: Omit<Scope, 'owned'>;
}

/**
 * Rebuilds a lost state from Cloudflare. Our markers say which records are ours; `copy`, the last whole state, adds their holders.
 * A record without a rule is idle if records outlive their rules, else half a publication, so it is unsettled.
 * @param about `now`: ISO 8601
 */
export function recoveredState(
  remote: Remote,
  own: Ownership,
  copy: StoredState,
  { now, keepsRecords }: { readonly now: string; readonly keepsRecords: boolean },
): StoredState {
  const publications = new Map<string, StoredPublication>();
  const unsettled = new Map(copy.unsettled);
  const idle = new Map<string, IdleRecord>();
  for (const { record, marker } of ownRecords(remote, own)) {
    const rule = ruleOf(remote.config, record.name);
    const site = { ...marker, hostname: record.name, machine: own.machine, service: serviceOf(marker) };
    const known = copy.publications.get(record.name);
    if (rule) {
      publications.set(record.name, {
        ...site,
        service: rule.service,
        port: (isRelayService(rule.service) ? undefined : localPort(rule.service)) ?? marker.port,
        user: known?.user ?? marker.user,
        since: known?.since ?? now,
        holders: known?.holders ?? [],
      });
    } else if (keepsRecords)
      idle.set(record.name, { ...site, idleSince: copy.idle.get(record.name)?.idleSince ?? now });
    else unsettled.set(record.name, site);
  }
  // With a wildcard record there are no records of our own; the rule is the only trace.
  if (own.scope.dns === 'wildcard') {
    for (const [hostname, known] of copy.publications) {
      if (ruleOf(remote.config, hostname)?.service === known.service) publications.set(hostname, known);
    }
  }
  return { publications, unsettled, idle, controls: copy.controls ?? noControls };
}

/** Adds our records that the state does not know. They become unsettled, so the round removes them. */
export function withOrphans(state: StoredState, remote: Remote, own: Ownership): StoredState {
  const orphans = ownRecords(remote, own)
    .filter(({ record: { name } }) => {
      const idle = state.idle.get(name);
      const hasOurRule = ruleOf(remote.config, name)?.service === idle?.service;
      return !state.publications.has(name) && (!idle || hasOurRule);
    })
    .map(({ record, marker }): SiteKey => ({ ...marker, hostname: record.name, service: serviceOf(marker) }));
  return {
    ...state,
    unsettled: new Map([...orphans.map((site) => [site.hostname, site] as const), ...state.unsettled]),
  };
}

/**
 * The state while the change of these hostnames is under way, and after it failed: removals have no holder any more, additions have
 * none yet, and the holders of unchanged sites are updated.
 */
export function intendedState(state: StoredState, desired: DesiredState, hostnames: ReadonlySet<string>): StoredState {
  const publications = new Map<string, StoredPublication>();
  for (const [hostname, before] of state.publications) {
    const after = desired.publications.get(hostname);
    if (after) publications.set(hostname, { ...before, holders: after.holders });
  }
  const { controls } = desired;
  return { ...state, publications, controls, unsettled: withUnsettled(state.unsettled, desired, hostnames) };
}

/** The state after the change. @param now ISO 8601 */
export function nextState(state: StoredState, desired: DesiredState, result: Result, now: string): StoredState {
  const publications = new Map(desired.publications);
  for (const hostname of [...result.failed.keys(), ...result.foreign.keys()]) publications.delete(hostname);
  const untouched = new Map([...state.unsettled].filter(([hostname]) => !desired.wants.has(hostname)));
  return {
    publications,
    unsettled: withUnsettled(untouched, desired, result.unsettled),
    idle: nextIdle(state, desired, result, now),
    controls: desired.controls,
  };
}

/** A record is idle from the removal of its rule until it is used again or removed. */
function nextIdle(state: StoredState, desired: DesiredState, result: Result, now: string): Map<string, IdleRecord> {
  const idle = new Map(state.idle);
  for (const want of desired.wants.values()) {
    const { hostname } = want;
    if (result.failed.has(hostname) || result.unsettled.has(hostname)) continue;
    if (result.kept?.has(hostname))
      idle.set(hostname, { ...siteKeyOf(want), idleSince: state.idle.get(hostname)?.idleSince ?? now });
    else idle.delete(hostname);
  }
  return idle;
}

function withUnsettled(
  before: StoredState['unsettled'],
  desired: DesiredState,
  hostnames: ReadonlySet<string>,
): StoredState['unsettled'] {
  const wants = [...desired.wants.values()].filter((want) => hostnames.has(want.hostname));
  return new Map([...before, ...wants.map((want) => [want.hostname, siteKeyOf(want)] as const)]);
}

function siteKeyOf({ hostname, user, port, machine, service }: SiteKey): SiteKey {
  return { hostname, user, port, machine, service };
}

function ownRecords(remote: Remote, { machine, scope }: Ownership): { record: DnsRecord; marker: Marker }[] {
  return remote.records.flatMap((record) => {
    const marker = parseMarker(record.comment);
    const isOwn = isMarkedOn(record.comment, machine) && record.content === recordTarget(scope.tunnelId);
    return marker && isOwn ? [{ record, marker }] : [];
  });
}

function serviceOf({ port }: Marker): string {
  return `http://localhost:${port}`;
}
