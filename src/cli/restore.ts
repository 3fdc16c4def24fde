// Brings a restored configuration up to date with what is live.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { ruleOf, type TunnelConfig } from '../provisioning/ingress.ts';
import type { Publisher } from '../provisioning/publisher.ts';
import type { Action } from '../provisioning/queue.ts';
import type { SiteKey } from '../provisioning/publications.ts';

/**
 * Brings a restored configuration up to date: adds what is live, and removes the rules of sites that have ended since. The audit
 * log tells which rules are ours. All of it is served in one round.
 * @returns the hostnames that are live
 * @throws FixableError of the first request that failed
 */
export async function settleAfterRestore(
  publisher: Publisher,
  config: Config,
  restored: TunnelConfig,
  stop: AbortSignal,
): Promise<string[]> {
  const live = [...((await publisher.store.publications.load())?.publications.values() ?? [])];
  const left = formerSites(readAudit(config.stateDir), config.machine, restored, live);
  const actions: Action[] = [{ kind: 'collect' }, ...left.map((site): Action => ({ kind: 'unpublish', site }))];
  const quiet = { queued: () => undefined, locked: () => undefined };
  const outcomes = await Promise.all(actions.map((action) => publisher.request(action, quiet, stop)));
  for (const outcome of outcomes) if (outcome.kind === 'error') throw FixableError.fromJSON(outcome.error);
  return [...((await publisher.store.publications.load())?.publications.keys() ?? [])];
}

/** Our sites that the restored configuration serves and that have no holder now. Pure. */
export function formerSites(
  auditLines: readonly string[],
  machine: string,
  restored: TunnelConfig,
  live: readonly SiteKey[],
): SiteKey[] {
  const sites = new Map<string, SiteKey>();
  for (const line of auditLines) {
    const { hostname, user, port, created } = parse(line);
    const service = hostname === undefined ? undefined : ruleOf(restored, hostname)?.service;
    if (!created || !hostname || !user || !port || !service) continue;
    // Unpublishing a port takes down the user's live publication of it, under any name; this rule is then left for gc.
    if (live.some((site) => site.hostname === hostname || (site.user === user && site.port === port))) continue;
    sites.set(hostname, { hostname, user, port, machine, service });
  }
  return [...sites.values()];
}

interface AuditLine {
  readonly hostname?: string;
  readonly user?: string;
  readonly port?: number;
  readonly created?: boolean;
}

function parse(line: string): AuditLine {
  try {
    return JSON.parse(line) as AuditLine;
  } catch {
    return {}; // torn by a power cut
  }
}

/** The lines of the audit log, with those of the one before. */
function readAudit(stateDir: string): string[] {
  return ['audit.log.1', 'audit.log'].flatMap((name) => {
    try {
      const lines = readFileSync(join(stateDir, name), 'utf8').split('\n');
      return lines.filter((line) => line !== '');
    } catch {
      return []; // there is none yet
    }
  });
}
