// The steps of a site whose server visitors do not see as the student expects. Pure.
import { problemFor } from '../../messages/messages.ts';
import { step } from './actions.ts';
import { kept, portBlockedCode, refusalProblem } from './siteState.ts';
import type { AwaitingServer, Live, Of, Site, SiteEvent, Step, Stopped } from './siteState.ts';

/** Tells the student once that visitors do not see a second server; the tooltip shows it for as long as it runs. */
export function hiddenServers(site: Live, { port, hidden }: Of<SiteEvent, 'type', 'hiddenServers'>): Step {
  if (String(site.hidden ?? []) === String(hidden)) return step(site);
  const next: Live = {
    ...kept(site),
    kind: 'live',
    lease: site.lease,
    ...(hidden.length > 0 && { hidden }),
    ...(site.path !== undefined && { path: site.path }),
  };
  if (hidden.length === 0 || site.hidden) return step(next);
  return step(next, {
    type: 'notifyProblem',
    problem: problemFor('second-server', { port, other: hidden.join(', ') }),
  });
}

/** Visitors get no response. The student is notified once of each program that holds the port. */
export function silent(site: AwaitingServer | Stopped, event: Of<SiteEvent, 'type', 'silent'>): Step {
  const { elsewhere, mute, unreachable, heldBy, foreign } = event;
  const holder = heldBy?.process ?? heldBy?.command;
  const notified = { ...kept(site), ...(holder !== undefined && { notifiedHolder: holder }) };
  const next: Site =
    site.kind === 'stopped'
      ? { kind: 'stopped', ...notified, lease: site.lease, ...(heldBy && { heldBy }) }
      : {
          kind: 'waiting',
          ...notified,
          lease: site.lease,
          ...(elsewhere !== undefined && { elsewhere }),
          ...(mute && { mute }),
          ...(unreachable !== undefined && { unreachable }),
          ...(heldBy && { heldBy }),
          ...(foreign && { foreign }),
        };
  if (!heldBy || holder === site.notifiedHolder) return step(next);
  const { port } = site.lease.publication;
  return step(next, { type: 'notifyProblem', problem: problemFor(portBlockedCode, { port, program: heldBy.command }) });
}

/** The refusal is shown while it lasts; the student is notified once. */
export function visitorsRefused(site: AwaitingServer, { refusal }: Of<SiteEvent, 'type', 'visitorsRefused'>): Step {
  const problem = refusalProblem(refusal);
  const notifiedRefusal = `${problem.title}: ${problem.action}`; // without the reason, whose wording may change
  if (site.refusal && site.notifiedRefusal === notifiedRefusal) return step(site);
  const next: AwaitingServer = { ...kept(site), kind: 'waiting', lease: site.lease, refusal, notifiedRefusal };
  return step(next, ...(site.notifiedRefusal === notifiedRefusal ? [] : [{ type: 'notifyProblem', problem } as const]));
}
