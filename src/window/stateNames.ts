// The names of a site's states, for lists.
import { t } from '../messages/texts.ts';
import type { Kind } from './site/siteState.ts';

/** The name of a state in the window's language; of a state that a newer version reports, the state itself. */
export function stateName(state: string): string {
  const names: Readonly<Record<Kind, string>> = {
    idle: t('not public'),
    publishing: t('publishing'),
    waiting: t('waiting'),
    live: t('live'),
    stopped: t('stopped'),
    away: t('away'),
    failed: t('failed'),
    notPublic: t('not public'),
  };
  return Object.hasOwn(names, state) ? names[state as Kind] : state;
}
