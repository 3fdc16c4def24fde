// The plan: what to change at Cloudflare so that it shows the desired state. Pure.
import { FixableError } from './errors.ts';
import { findConfigFault } from './configFault.ts';
import { editIngress, ruleOf, type IngressRule, type TunnelConfig } from './ingress.ts';
import { formatMarker, isMarkedBy, parseMarker, type Marker } from './marker.ts';
import { PlanView } from './planView.ts';

/** A DNS record as Cloudflare lists it. */
export interface DnsRecord {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly proxied?: boolean;
  readonly comment?: string | null;
}

export type NewRecord = Omit<DnsRecord, 'id'> & { readonly ttl: 1 };

/** The configuration at Cloudflare, and every record that points to our tunnel. */
export interface Remote {
  readonly version: number;
  readonly config: TunnelConfig | null;
  readonly records: readonly DnsRecord[];
}

/** The desired state of one hostname: present with this service, or absent. */
export interface Want extends Marker {
  readonly hostname: string;
  readonly service: string;
  readonly present: boolean;
  /** An absent hostname keeps nothing by default. `rule`: its record was kept for a while, and goes unless a rule uses it. */
  readonly keeps?: 'record' | 'rule';
}

/** The settings that the plan depends on. */
export interface Scope {
  readonly tunnelId: string;
  readonly dns: 'perHost' | 'wildcard';
  readonly originRequest?: object | undefined;
  /** Hostnames whose rule is ours according to the stored state. */
  readonly owned: ReadonlySet<string>;
  /** Hostnames whose record is ours and idle according to the stored state: another user may take one over. */
  readonly idle?: ReadonlySet<string>;
}

/** The changes. An empty plan writes nothing. */
export interface Plan {
  /** The whole new configuration; undefined if it stays as it is. */
  readonly config: TunnelConfig | undefined;
  readonly create: readonly NewRecord[];
  readonly remove: readonly DnsRecord[];
  /** Hostnames that this plan changes. */
  readonly touched: ReadonlySet<string>;
  /** Wants that cannot be met, each with its own reason. */
  readonly refused: ReadonlyMap<string, FixableError>;
  /** Hostnames whose record stays without a rule. */
  readonly kept: ReadonlySet<string>;
  /** Idle records that a full zone can do without: no want and no rule is for them. */
  readonly spare: readonly DnsRecord[];
  /** Wants that another user's rule serves already: wanted hostname → that rule's hostname. */
  readonly foreign: ReadonlyMap<string, string>;
}

/** The target of our records. */
export function recordTarget(tunnelId: string): string {
  return `${tunnelId}.cfargotunnel.com`;
}

/**
 * Compares each want with Cloudflare. Rules and records are ours by the stored state or by the marker in the record's comment;
 * all others are foreign and never change.
 *
 * ```
 * want     rule at Cloudflare          record at Cloudflare   →  plan
 * present  none                        none                      set rule, create record
 * present  ours, another service       ours                      set rule
 * present  ours, same service          none                      create record
 * present  ours, same service          ours                      –
 * present  foreign                     any                       refused: hostname-taken
 * present  any                         marked by another user    refused: hostname-taken
 * present  foreign, for the same port under another hostname     foreign: that rule serves it
 * present  none                        idle, of another user     set rule, replace record
 * absent   ours                        ours                      drop rule, remove record unless it is kept
 * absent   none                        ours                      remove record
 * absent   foreign                     foreign                   –
 * ```
 * With `"dns": "wildcard"` no record is created.
 * @throws FixableError `tunnel-invalid` if cloudflared would refuse the new configuration
 */
export function makePlan(remote: Remote, wants: readonly Want[], scope: Scope): Plan {
  const view = new PlanView(remote, scope);
  const refused = new Map<string, FixableError>();
  const foreign = new Map<string, string>();
  const edit = { set: [] as IngressRule[], remove: new Set<string>() };
  const create: NewRecord[] = [];
  const remove: DnsRecord[] = [];
  const kept = new Set<string>();
  for (const want of wants) {
    const { hostname, present, keeps } = want;
    const foreignRule = keeps === 'rule' ? undefined : view.foreignRuleFor(want);
    const refusal = present ? view.refusalOf(want) : undefined;
    const own = view.ownRecord(want);
    if (foreignRule) foreign.set(hostname, foreignRule);
    else if (refusal) refused.set(hostname, refusal);
    else if (present) {
      edit.set.push(newRule(want, scope));
      const replaced = view.idleRecordOfOther(want);
      if (replaced) remove.push(replaced);
      if (scope.dns === 'perHost' && (replaced || !view.recordOf(hostname))) create.push(newRecord(want, scope));
    } else if (keeps === 'rule') {
      if (own && view.serviceOf(hostname) === undefined) remove.push(own);
    } else {
      if (view.isOurs(want)) edit.remove.add(hostname);
      if (own && keeps === 'record') kept.add(hostname);
      else if (own) remove.push(own);
    }
  }
  return {
    config: changedConfig(remote, edit, scope),
    create,
    remove,
    kept,
    spare: spareRecords(remote, wants, scope),
    refused,
    foreign,
    touched: new Set([
      ...edit.set.filter((rule) => view.serviceOf(rule.hostname) !== rule.service).map((rule) => rule.hostname ?? ''),
      ...[...edit.remove].filter((hostname) => view.serviceOf(hostname) !== undefined),
      ...[...create, ...remove].map((record) => record.name),
    ]),
  };
}

/** Whether Cloudflare shows the desired state of this hostname. Asked after a write whose outcome is unknown. */
export function isAchieved(want: Want, remote: Remote, scope: Scope): boolean {
  const rule = ruleOf(remote.config, want.hostname);
  const record = remote.records.find(({ name }) => name === want.hostname);
  if (want.present) return rule?.service === want.service && (scope.dns === 'wildcard' || record !== undefined);
  const isWithoutRecord = record === undefined || !isMarkedBy(record.comment, want);
  if (want.keeps === 'rule') return rule !== undefined || isWithoutRecord;
  return rule === undefined && (want.keeps === 'record' || isWithoutRecord);
}

function spareRecords({ config, records }: Remote, wants: readonly Want[], { idle }: Scope): DnsRecord[] {
  if (!idle || idle.size === 0) return [];
  const wanted = new Set(wants.map(({ hostname }) => hostname));
  return records.filter(
    ({ name, comment }) =>
      idle.has(name) && !wanted.has(name) && parseMarker(comment) && ruleOf(config, name) === undefined,
  );
}

function changedConfig(
  remote: Remote,
  edit: { readonly set: readonly IngressRule[]; readonly remove: ReadonlySet<string> },
  scope: Scope,
): TunnelConfig | undefined {
  const config = editIngress(remote.config, edit);
  const isChanged = remote.config ? config !== remote.config : edit.set.length > 0;
  if (!isChanged) return undefined;
  const fault = findConfigFault(config);
  if (fault) throw new FixableError('tunnel-invalid', { tunnel: scope.tunnelId, problem: fault });
  return config;
}

function newRule({ hostname, service }: Want, { originRequest }: Scope): IngressRule {
  return { hostname, service, ...(originRequest ? { originRequest } : {}) };
}

function newRecord(want: Want, scope: Scope): NewRecord {
  return {
    type: 'CNAME',
    name: want.hostname,
    content: recordTarget(scope.tunnelId),
    proxied: true,
    ttl: 1,
    comment: formatMarker(want),
  };
}
