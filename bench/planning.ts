import { makePlan, recordTarget, type DnsRecord, type Remote, type Want } from '../src/provisioning/plan.ts';
import { formatMarker } from '../src/provisioning/marker.ts';
import { median } from './runTogether.ts';

export interface PlanningRow {
  readonly rules: number;
  readonly wants: number;
  /** Milliseconds for one plan, the median of many. */
  readonly milliseconds: number;
}

/** Measures one plan beside `rules` rules and records. */
export function planning(rules: number, wants: number): PlanningRow {
  const tunnelId = 'tunnel';
  const remote = remoteWith(rules, tunnelId);
  const asked: Want[] = Array.from({ length: wants }, (_, index) => want(rules + index));
  const times = Array.from({ length: 50 }, () => {
    const start = performance.now();
    makePlan(remote, asked, { tunnelId, dns: 'perHost', owned: new Set() });
    return performance.now() - start;
  });
  return { rules, wants, milliseconds: Number(median(times).toFixed(2)) };
}

function want(index: number): Want {
  return {
    hostname: `student${index}.example.com`,
    user: `student${index}`,
    port: 3000 + index,
    machine: 'server1',
    service: `http://localhost:${3000 + index}`,
    present: true,
  };
}

function remoteWith(rules: number, tunnelId: string): Remote {
  const sites = Array.from({ length: rules }, (_, index) => want(index));
  const records: DnsRecord[] = sites.map((site) => ({
    id: site.hostname,
    type: 'CNAME',
    name: site.hostname,
    content: recordTarget(tunnelId),
    proxied: true,
    comment: formatMarker(site),
  }));
  return {
    version: 1,
    records,
    config: {
      ingress: [...sites.map(({ hostname, service }) => ({ hostname, service })), { service: 'http_status:404' }],
    },
  };
}
