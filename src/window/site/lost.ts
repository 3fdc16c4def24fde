// The steps of a site that visitors do not reach. Pure.
import { textOf } from '../../messages/texts.ts';
import { publish, step, type Public } from './actions.ts';
import { leaseOf, type Of, type Site, type SiteEvent, type Step } from './siteState.ts';

/** Publishes a site again that visitors no longer reach, after a check of what Cloudflare has. */
export function lostOnTheWay(site: Public, { reason, lasts }: Of<SiteEvent, 'type', 'lost'>): Step {
  if (!leaseOf(site)) return step(site);
  const { site: next, effects } = publish(site, site.runs, 0, true, site.notified);
  const message = textOf('Visitors do not reach your site ({reason}). It is being published again.', { reason });
  return step({ ...next, note: { message }, ...(lasts && { lost: reason }) }, ...effects);
}

/** The loss that was reported is over. */
export function reachedAgain(site: Site): Step {
  if (site.lost === undefined) return step(site);
  const next = { ...site };
  delete next.lost;
  return step(next);
}
