// The doctor's check of what the token may change.
import { permissions } from '../../messages/permissions.ts';
import type { AdminApi } from '../../provisioning/adminApi.ts';
import type { Config } from '../../provisioning/config.ts';
import { findingsOf, type Check } from './findings.ts';

/** Finds a token that can read and not write. Without the right to read, the other checks have failed already. */
export async function examineRights(account: AdminApi, { accountId, zoneId, dns }: Config): Promise<Check[]> {
  const { fail } = findingsOf('token');
  const [tunnel, records] = await Promise.all([
    account.mayEditTunnels(accountId),
    dns === 'wildcard' || account.mayEditRecords(zoneId),
  ]);
  const lacks = (what: string, permission: string) =>
    fail(`The token may not change ${what}.`, `Give it the permission ${permission}.`);
  return [
    ...(tunnel ? [] : [lacks("the tunnel's rules", permissions.tunnel)]),
    ...(records ? [] : [lacks('DNS records', permissions.records)]),
  ];
}
