// Finds those of some hostnames that exist in the zone already, with a record that is not ours.
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import type { Config } from '../../provisioning/config.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { parseMarker } from '../../provisioning/marker.ts';
import { connectRoundApi } from '../../provisioning/roundApi.ts';
import type { ActionContext } from '../actions.ts';
import { callDeadline } from '../session.ts';
import { readToken } from '../token.ts';

/** Hostnames that are looked for at most: one call each. */
const most = 100;

/** Asks Cloudflare. Where it cannot be asked, none is known and a warning says so. */
export async function namesInZone(
  { report, env, stop }: ActionContext,
  config: Config,
  hostnames: readonly string[],
): Promise<ReadonlySet<string>> {
  if (hostnames.length === 0) return new Set();
  try {
    const token = readToken(config, report, env);
    const beforeCall = () => Promise.resolve();
    const api = connectRoundApi({ ...config, token, fetch, callDeadline, signal: stop, beforeCall });
    const taken = new Set<string>();
    for (const hostname of hostnames.slice(0, most)) {
      const records = await api.findRecords(hostname);
      if (records.some(({ comment }) => parseMarker(comment) === undefined)) taken.add(hostname);
    }
    return taken;
  } catch (error) {
    if (!(error instanceof FixableError) && !(error instanceof CallFailure)) throw error;
    report.warn('The zone could not be read, so names that exist in it were not looked for.');
    return new Set();
  }
}
