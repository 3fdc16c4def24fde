// The steps of the connector: its token in a file that only root reads, and its unit.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { usualConnectorUrls } from '../../provisioning/connector.ts';
import type { ClassFacts, Effects, Progress } from './classSteps.ts';
import { resourceStep, type Resource } from './resources.ts';
import type { Step } from './steps.ts';
import { connectorFiles, connectorUnit } from './units.ts';
import { unitResources, unitStep } from './unitStep.ts';

export function connectorSteps(facts: ClassFacts, effects: Effects, progress: Progress): Step[] {
  const { connectorTokenFile: path, installsConnector, savesConnectorToken, unitFolder, machine, known } = facts;
  const { place, systemd, ledger, api } = effects;
  const { cloudflared } = machine;
  if (!installsConnector && !savesConnectorToken) return [];
  const text = () => `${progress.connectorToken ?? ''}\n`;
  const files = resourceStep("The connector's token", () => [tokenResource(path, text(), machine.isRoot)], place);
  const token: Step = {
    ...files,
    plan: () => files.plan().map((line) => `${line} with the answer to GET /cfd_tunnel/…/token`),
    async apply() {
      const { tunnelId } = progress;
      if (tunnelId !== undefined)
        progress.connectorToken ??= await api.connectorToken(facts.answers.accountId, tunnelId);
      await files.apply();
    },
  };
  const noted = ledger.noting(token, (made) => ({ ...made, connectorTokenFile: path }));
  if (!installsConnector || unitFolder === undefined || cloudflared === undefined) return [noted];
  const { host } = new URL(known.connectorUrl ?? usualConnectorUrls[0]);
  const units = connectorFiles({ cloudflared, tokenFile: path, metrics: host });
  return [
    noted,
    ledger.noting(
      unitStep('Connector', () => unitResources(unitFolder, units), [connectorUnit], place, systemd),
      (made) => ({ ...made, unitFolder }),
    ),
  ];
}

function tokenResource(path: string, text: string, isRoot: boolean): Resource {
  return { kind: 'file', path, mode: 0o600, text, ...(isRoot ? { owner: { user: 0, group: 0 } } : {}) };
}

/** The file that an existing unit of the connector reads its token from; else the one beside the configuration. */
export function connectorTokenFileOf(configFile: string, unitFolder: string | undefined): string {
  const named = unitFolder === undefined ? undefined : credentialOf(join(unitFolder, connectorUnit));
  return named ?? join(dirname(configFile), 'connector.token');
}

function credentialOf(unit: string): string | undefined {
  try {
    return /^LoadCredential=token:(\/\S+)$/m.exec(readFileSync(unit, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
