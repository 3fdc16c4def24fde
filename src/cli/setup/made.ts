// The manifest: what setup has made on this machine and at Cloudflare, which `uninstall` takes away.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { FixableError } from '../../provisioning/errors.ts';
import type { Resource } from './resources.ts';

const names = z._default(z.array(z.string()), []);

const schema = z.object({
  version: z.literal(1),
  groups: names,
  accounts: names,
  members: z._default(z.array(z.object({ user: z.string(), group: z.string() })), []),
  /** The tunnel that setup created. */
  tunnel: z.optional(z.object({ accountId: z.string(), id: z.string(), name: z.string() })),
  connectorTokenFile: z.optional(z.string()),
  /** The folder of the units that setup wrote. */
  unitFolder: z.optional(z.string()),
  /** The additions of setup to each student's code-server. */
  windows: z._default(
    z.record(z.string(), z.object({ extension: z.boolean(), settings: names, trustedDomain: z.optional(z.string()) })),
    {},
  ),
});

export type Made = z.output<typeof schema>;
export type MadeWindow = Made['windows'][string];

export const nothingMade: Made = { version: 1, groups: [], accounts: [], members: [], windows: {} };

export function manifestFile(configFile: string): string {
  return join(dirname(configFile), 'setup.json');
}

/** @throws FixableError `config-invalid` */
export function readMade(configFile: string): Made {
  const file = manifestFile(configFile);
  if (!existsSync(file)) return nothingMade;
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    const problem = 'it is not what setup wrote';
    const fix = 'Put its backup back, or remove it; then `uninstall` leaves accounts, tunnel and settings.';
    throw new FixableError('config-invalid', { file, problem, fix });
  }
}

export function formatMade(made: Made): string {
  return `${JSON.stringify(made, undefined, 2)}\n`;
}

/** Adds resources that did not exist before. Pure. */
export function addMade(made: Made, resources: readonly Resource[]): Made {
  const namesOf = (kind: 'group' | 'account') =>
    resources.flatMap((resource) => (resource.kind === kind ? [resource.name] : []));
  const members = resources.flatMap((one) => (one.kind === 'member' ? [{ user: one.user, group: one.group }] : []));
  return {
    ...made,
    groups: [...new Set([...made.groups, ...namesOf('group')])],
    accounts: [...new Set([...made.accounts, ...namesOf('account')])],
    members: [...made.members, ...members],
  };
}
