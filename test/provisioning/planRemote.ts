// Sites, and Cloudflare as far as a plan is concerned.
import { formatMarker } from '../../src/provisioning/marker.ts';
import {
  recordTarget,
  type DnsRecord,
  type Plan,
  type Remote,
  type Scope,
  type Want,
} from '../../src/provisioning/plan.ts';
import { site } from './desiredStates.ts';

export const tunnelId = 'tunnel-1';
export const scope: Scope = { tunnelId, dns: 'perHost', owned: new Set() };
export const catchAll = { service: 'http_status:404' };
export const students = [1, 2, 3, 4];

export const want = (number: number, present = true, port?: number): Want => ({ ...site(number, port), present });

export function recordOf(one: Want, changes: Partial<DnsRecord> = {}): DnsRecord {
  return {
    id: `id-${one.hostname}`,
    type: 'CNAME',
    name: one.hostname,
    content: recordTarget(tunnelId),
    proxied: true,
    comment: formatMarker(one),
    ...changes,
  };
}
export const ruleOf = ({ hostname, service }: Want) => ({ hostname, service });

/** Cloudflare, as far as a plan is concerned. */
export function apply(remote: Remote, plan: Plan): Remote {
  const gone = new Set(plan.remove.map((record) => record.id));
  return {
    version: plan.config ? remote.version + 1 : remote.version,
    config: plan.config ?? remote.config,
    records: [
      ...remote.records.filter((record) => !gone.has(record.id)),
      ...plan.create.map((record, index) => ({ ...record, id: `new-${index}` })),
    ],
  };
}
