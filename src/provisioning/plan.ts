import { MendableError } from './errors.ts';
import { findConfigFault } from './configFault.ts';
import { editIngress, localPort, ruleOf, type IngressRule, type TunnelConfig } from './ingress.ts';
import { formatMarker, isMarkedBy, parseMarker, type Marker } from './marker.ts';

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

/** What Cloudflare shows: the configuration, and every record that points to our tunnel. */
export interface Remote {
  readonly version: number;
  readonly config: TunnelConfig | null;
  readonly records: readonly DnsRecord[];
}

/** What one hostname shall be: there with this service, or gone. */
export interface Want extends Marker {
  readonly hostname: string;
  readonly service: string;
  readonly present: boolean;
}

/** What the plan needs to know of the class. */
export interface Scope {
  readonly tunnelId: string;
  readonly dns: 'perHost' | 'wildcard';
  readonly originRequest?: object | undefined;
  /** Hostnames whose rule is ours by our own state. */
  readonly owned: ReadonlySet<string>;
}

/** What to change so that Cloudflare shows what is wanted. An empty plan writes nothing. */
export interface Plan {
  /** The whole new configuration; undefined when it stays as it is. */
  readonly config: TunnelConfig | undefined;
  readonly create: readonly NewRecord[];
  readonly remove: readonly DnsRecord[];
  /** Hostnames that this plan changes at Cloudflare. */
  readonly touched: ReadonlySet<string>;
  /** Wants that cannot be, each with its own reason: the others go on. */
  readonly refused: ReadonlyMap<string, MendableError>;
  /** Wants that a rule made by somebody else serves already: wanted hostname → that rule's hostname. */
  readonly foreign: ReadonlyMap<string, string>;
}

/** The target of our records. */
export function recordTarget(tunnelId: string): string {
  return `${tunnelId}.cfargotunnel.com`;
}

/**
 * What to change: pure. Foreign rules and records are never in it; where a want meets one it is refused, or answered by it.
 */
export function makePlan(remote: Remote, wants: readonly Want[], scope: Scope): Plan {
  const view = new View(remote, scope);
  const refused = new Map<string, MendableError>();
  const foreign = new Map<string, string>();
  const set: IngressRule[] = [];
  const drop = new Set<string>();
  const create: NewRecord[] = [];
  const remove: DnsRecord[] = [];
  for (const want of wants) {
    const other = view.foreignRuleFor(want);
    if (other) {
      foreign.set(want.hostname, other);
      continue;
    }
    if (!want.present) {
      if (view.isOurs(want)) drop.add(want.hostname);
      const record = view.ownRecord(want);
      if (record) remove.push(record);
      continue;
    }
    const refusal = view.refusalOf(want);
    if (refusal) {
      refused.set(want.hostname, refusal);
      continue;
    }
    set.push(newRule(want, scope));
    if (scope.dns === 'perHost' && !view.recordOf(want.hostname)) create.push(newRecord(want, scope));
  }
  const config = editIngress(remote.config, { set, remove: drop });
  const changed = config !== (remote.config ?? config);
  const fault = changed ? findConfigFault(config) : undefined;
  if (fault) throw new MendableError('tunnel-invalid', { tunnel: scope.tunnelId, problem: fault });
  return {
    config: changed || (remote.config === null && set.length > 0) ? config : undefined,
    create,
    remove,
    refused,
    foreign,
    touched: touchedBy(remote, set, drop, create, remove),
  };
}

/** Does Cloudflare show what this want asks for? Asked after a write whose outcome nobody saw. */
export function isAchieved(want: Want, remote: Remote, scope: Scope): boolean {
  const rule = ruleOf(remote.config, want.hostname);
  const record = remote.records.find((one) => one.name === want.hostname);
  if (want.present) return rule?.service === want.service && (scope.dns === 'wildcard' || record !== undefined);
  return rule === undefined && (record === undefined || !isMarkedBy(record.comment, want));
}

/** The remote side with the questions that the plan asks of it; everything by name, so that 1,000 rules cost no more than one. */
class View {
  private readonly rules = new Map<string, IngressRule>();
  private readonly records = new Map<string, DnsRecord>();
  private readonly foreignByPort = new Map<number, string>();

  constructor(
    remote: Remote,
    private readonly scope: Scope,
  ) {
    for (const record of remote.records) this.records.set(record.name, record);
    for (const rule of remote.config?.ingress ?? []) {
      if (!rule.hostname || rule.path) continue;
      if (!this.rules.has(rule.hostname)) this.rules.set(rule.hostname, rule);
      const port = localPort(rule.service);
      if (port !== undefined && !this.hasOurMarker(rule.hostname) && !rule.hostname.includes('*'))
        this.foreignByPort.set(port, rule.hostname);
    }
  }

  recordOf(hostname: string): DnsRecord | undefined {
    return this.records.get(hostname);
  }

  /** Our record of this want: deleted only if marker, type, name and target all match. */
  ownRecord(want: Want): DnsRecord | undefined {
    const record = this.records.get(want.hostname);
    return record?.type === 'CNAME' &&
      record.content === recordTarget(this.scope.tunnelId) &&
      isMarkedBy(record.comment, want)
      ? record
      : undefined;
  }

  /**
   * Is the rule of this hostname ours? Our state says so, or our record beside it, or it is the half of a publication
   * that lost its record (or never has one): exactly the name and the service that we would write, and no foreign record.
   */
  isOurs(want: Want): boolean {
    if (this.scope.owned.has(want.hostname) || this.ownRecord(want)) return true;
    return this.rules.get(want.hostname)?.service === want.service && !this.records.has(want.hostname);
  }

  /** The hostname of a rule that somebody else made for the same local port. */
  foreignRuleFor(want: Want): string | undefined {
    if (this.scope.owned.has(want.hostname)) return undefined;
    const port = localPort(want.service);
    const rule = port === undefined ? undefined : this.foreignByPort.get(port);
    if (rule === undefined || (rule === want.hostname && this.isOurs(want))) return undefined;
    return rule;
  }

  refusalOf(want: Want): MendableError | undefined {
    const { hostname } = want;
    const rule = this.rules.get(hostname);
    const holder = parseMarker(this.records.get(hostname)?.comment);
    if (holder && !this.ownRecord(want)) {
      return new MendableError('hostname-taken', {
        hostname,
        problem: `${holder.user} holds it on the machine ${holder.machine}`,
      });
    }
    if (rule && rule.service !== want.service && !this.isOurs(want)) {
      return new MendableError('hostname-taken', {
        hostname,
        problem: `a rule that somebody else made sends it to ${rule.service}`,
      });
    }
    return undefined;
  }

  private hasOurMarker(hostname: string): boolean {
    return this.scope.owned.has(hostname) || parseMarker(this.records.get(hostname)?.comment) !== undefined;
  }
}

function newRule(want: Want, scope: Scope): IngressRule {
  return {
    hostname: want.hostname,
    service: want.service,
    ...(scope.originRequest ? { originRequest: scope.originRequest } : {}),
  };
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

function touchedBy(
  remote: Remote,
  set: readonly IngressRule[],
  drop: ReadonlySet<string>,
  create: readonly NewRecord[],
  remove: readonly DnsRecord[],
): Set<string> {
  const services = new Map(
    (remote.config?.ingress ?? []).filter((rule) => !rule.path).map((rule) => [rule.hostname, rule.service]),
  );
  return new Set([
    ...set.filter((rule) => services.get(rule.hostname) !== rule.service).map((rule) => rule.hostname ?? ''),
    ...[...drop].filter((hostname) => services.has(hostname)),
    ...create.map((record) => record.name),
    ...remove.map((record) => record.name),
  ]);
}
