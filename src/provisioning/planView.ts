// Cloudflare's rules and records as the plan sees them, found in constant time.
import { textOf } from '../messages/texts.ts';
import { FixableError } from './errors.ts';
import { localPort, type IngressRule } from './ingress.ts';
import { isMarkedBy, isMarkedOn, parseMarker } from './marker.ts';
import { isRelayService } from './publications.ts';
import { recordTarget, type DnsRecord, type Remote, type Scope, type Want } from './plan.ts';

export class PlanView {
  readonly #scope: Scope;
  /** By hostname; rules for a path of it are left out. */
  readonly #rules = new Map<string, IngressRule>();
  readonly #records = new Map<string, DnsRecord>();
  readonly #foreignByPort = new Map<number, string>();

  constructor(remote: Remote, scope: Scope) {
    this.#scope = scope;
    for (const record of remote.records) this.#records.set(record.name, record);
    for (const rule of remote.config?.ingress ?? []) {
      const { hostname, path, service } = rule;
      if (!hostname || path) continue;
      if (!this.#rules.has(hostname)) this.#rules.set(hostname, rule);
      const port = localPort(service);
      const isForeign = !this.#scope.owned.has(hostname) && !parseMarker(this.#records.get(hostname)?.comment);
      if (port !== undefined && isForeign && !hostname.includes('*')) this.#foreignByPort.set(port, hostname);
    }
  }

  recordOf(hostname: string): DnsRecord | undefined {
    return this.#records.get(hostname);
  }

  serviceOf(hostname: string | undefined): string | undefined {
    return this.#rules.get(hostname ?? '')?.service;
  }

  /** Our record for this want. A record is removed only if its marker, type, name and target all match. */
  ownRecord(want: Want): DnsRecord | undefined {
    const record = this.#records.get(want.hostname);
    const isOwn =
      record?.type === 'CNAME' &&
      record.content === recordTarget(this.#scope.tunnelId) &&
      isMarkedBy(record.comment, want);
    return isOwn ? record : undefined;
  }

  /** The idle record of another user of this machine, which a new site replaces. */
  idleRecordOfOther(want: Want): DnsRecord | undefined {
    const { hostname, machine } = want;
    const record = this.#records.get(hostname);
    const isIdle = this.#scope.idle?.has(hostname) && this.serviceOf(hostname) === undefined;
    const isOwn = record?.type === 'CNAME' && record.content === recordTarget(this.#scope.tunnelId);
    return isIdle && isOwn && isMarkedOn(record.comment, machine) && !isMarkedBy(record.comment, want)
      ? record
      : undefined;
  }

  /**
   * Whether the rule of this hostname is ours: by the stored state, by our record beside it unless that is idle, or because it has exactly the name and
   * service that we would write and no foreign record. The last case is a publication that lost its record, or never had one.
   */
  isOurs(want: Want): boolean {
    const isIdle = this.#scope.idle?.has(want.hostname) ?? false;
    if (this.#scope.owned.has(want.hostname) || (this.ownRecord(want) && !isIdle)) return true;
    return this.serviceOf(want.hostname) === want.service && !this.#records.has(want.hostname);
  }

  /** The hostname of a foreign rule for the same local port. */
  foreignRuleFor(want: Want): string | undefined {
    if (this.#scope.owned.has(want.hostname)) return undefined;
    const port = isRelayService(want.service) ? undefined : localPort(want.service);
    const hostname = port === undefined ? undefined : this.#foreignByPort.get(port);
    return hostname === want.hostname && this.isOurs(want) ? undefined : hostname;
  }

  /** Why this want cannot be present; undefined if it can. */
  refusalOf(want: Want): FixableError | undefined {
    const { hostname } = want;
    const service = this.serviceOf(hostname);
    const marker = parseMarker(this.#records.get(hostname)?.comment);
    if (marker && !this.ownRecord(want) && !this.idleRecordOfOther(want)) {
      const { user, machine } = marker;
      const problem = textOf('{user} holds it on the machine {machine}', { user, machine });
      return new FixableError('hostname-taken', { hostname, problem });
    }
    if (service !== undefined && service !== want.service && !this.isOurs(want)) {
      const problem = textOf('a rule made elsewhere sends it to {service}', { service });
      return new FixableError('hostname-taken', { hostname, problem });
    }
    return undefined;
  }
}
