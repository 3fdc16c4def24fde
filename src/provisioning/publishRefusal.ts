// The reasons why a publication is refused before anything is read from Cloudflare. Pure.
import { textOf } from '../messages/texts.ts';
import { FixableError } from './errors.ts';
import { isSameUser } from './marker.ts';
import { isPossible } from './processIdentity.ts';
import type { Holder, SiteKey, StoredPublication } from './publications.ts';

/** How many holders one site may have. A window or shell is one holder; dead ones are dropped before they count. */
export const maxHolders = 16;

/**
 * Why this holder cannot publish the site beside these publications; undefined if it can.
 * @param limits `maxSitesPerUser`: how many sites one user may have at a time
 */
export function publishRefusal(
  { hostname, user, port, machine }: SiteKey,
  holder: Holder,
  live: ReadonlyMap<string, StoredPublication>,
  { maxSitesPerUser }: { readonly maxSitesPerUser: number },
): FixableError | undefined {
  const publications = [...live.values()];
  const taken = live.get(hostname);
  if (taken && !isSameUser(taken.user, user))
    return new FixableError('hostname-taken', { hostname, problem: textOf('{owner} holds it', { owner: taken.user }) });
  const other = publications.find(
    (publication) =>
      publication.port === port && publication.machine === machine && !isSameUser(publication.user, user),
  );
  if (other) return new FixableError('port-held', { port, owner: other.user, hostname: other.hostname });
  if (holder.process && !isPossible(holder.process))
    return new FixableError('usage', { problem: `${holder.process.pid} is not the id of a process` });
  const otherHolders = taken?.holders.filter(({ id }) => id !== holder.id).length ?? 0;
  if (otherHolders >= maxHolders)
    return new FixableError('limit-reached', {
      user,
      problem: textOf('{hostname} has {count} holders already', { hostname, count: otherHolders }),
    });
  const own = publications.filter((publication) => isSameUser(publication.user, user)).length;
  if (!taken && own >= maxSitesPerUser)
    return new FixableError('limit-reached', {
      user,
      problem: textOf('{count} sites of {user} are live already', { count: own, user }),
    });
  return undefined;
}
