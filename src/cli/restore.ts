import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../provisioning/config.ts';
import { MendableError } from '../provisioning/errors.ts';
import { ruleOf, type TunnelConfig } from '../provisioning/ingress.ts';
import type { Publisher } from '../provisioning/publisher.ts';
import type { Action } from '../provisioning/queue.ts';
import type { SiteKey } from '../provisioning/publications.ts';

/**
 * Makes a configuration that was put back true again: what is live goes into it, and the rules in it of students who have
 * left since, which the audit log knows for ours, go out. Served in one round, like any crowd of requests.
 * @returns the hostnames that are live
 * @throws MendableError the first request's that failed
 */
export async function settleAfterRestore(
  publisher: Publisher,
  config: Config,
  restored: TunnelConfig,
  stop: AbortSignal,
): Promise<string[]> {
  const live = [...((await publisher.store.publications.load())?.publications.values() ?? [])];
  const left = formerSites(await readAudit(config.stateDir), config.machine, restored, live);
  const actions: Action[] = [{ kind: 'collect' }, ...left.map((site): Action => ({ kind: 'unpublish', site }))];
  const quiet = { queued: () => undefined, locked: () => undefined };
  const outcomes = await Promise.all(actions.map((action) => publisher.request(action, quiet, stop)));
  for (const outcome of outcomes) if (outcome.kind === 'error') throw MendableError.fromJSON(outcome.error);
  return [...((await publisher.store.publications.load())?.publications.keys() ?? [])];
}

/** Sites of ours that the restored configuration serves and that nobody holds now. */
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
    // To take a port down takes the user's live publication of it down, whatever its name: then the rule is left for gc.
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

async function readAudit(stateDir: string): Promise<string[]> {
  const text = await readFile(join(stateDir, 'audit.log'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
