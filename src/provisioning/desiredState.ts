import { MendableError } from './errors.ts';
import type { Liveness, ProcessIdentity } from './processIdentity.ts';
import type { Want } from './plan.ts';
import type { Outcome, Request } from './queue.ts';
import {
  publicationOf,
  serviceFor,
  type Holder,
  type StoredPublication,
  type SiteKey,
  type StoredState,
} from './publications.ts';

/** What a request comes to once its hostnames are as wanted. */
export type Answer =
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  | { readonly kind: 'publish'; readonly site: SiteKey; readonly hostname: string }
  | { readonly kind: 'remove'; readonly sites: readonly SiteKey[] };

/** What one round has to bring about. */
export interface DesiredState {
  /** Who shall hold what, if everything succeeds. */
  readonly publications: ReadonlyMap<string, StoredPublication>;
  /** What has to be looked at at Cloudflare; without any, the round makes no call. */
  readonly wants: ReadonlyMap<string, Want>;
  readonly answers: ReadonlyMap<Request['id'], Answer>;
}

export interface DesiredStateContext {
  /** ISO 8601. */
  readonly now: string;
  readonly livenessOf: (process: ProcessIdentity) => Liveness;
  /** Does anything listen on this port of this machine? */
  readonly isListening: (port: number) => boolean;
}

/** What a round has to bring about, from who holds what and what is asked: pure, but for what it asks of `context`. */
export function desiredState(
  state: StoredState,
  requests: readonly Request[],
  context: DesiredStateContext,
): DesiredState {
  const agenda = new Draft(state, context);
  agenda.dropDeadHolders();
  for (const site of state.unsettled.values()) agenda.want(site);
  for (const request of requests) agenda.answers.set(request.id, agenda.serve(request));
  return agenda;
}

class Draft implements DesiredState {
  readonly publications: Map<string, StoredPublication>;
  readonly wants = new Map<string, Want>();
  readonly answers = new Map<string, Answer>();

  constructor(
    private readonly state: StoredState,
    private readonly context: DesiredStateContext,
  ) {
    this.publications = new Map(state.publications);
  }

  /** Puts a hostname on the agenda: there if somebody shall hold it, else gone. */
  want(site: SiteKey): void {
    const publication = this.publications.get(site.hostname);
    const { hostname, user, port, machine, service } = publication ?? site;
    this.wants.set(hostname, { hostname, user, port, machine, service, present: publication !== undefined });
  }

  dropDeadHolders(): void {
    for (const publication of this.state.publications.values()) {
      const holders = publication.holders.filter(
        (holder) => !holder.process || this.context.livenessOf(holder.process) !== 'dead',
      );
      if (holders.length < publication.holders.length) this.keep(publication, holders);
    }
  }

  serve({ action }: Request): Answer {
    switch (action.kind) {
      case 'publish':
        return this.publish(action.site, action.holder, action.verify);
      case 'release':
        return this.release(action.user, action.holder);
      case 'unpublish':
        return this.unpublish(action.site);
      case 'collect':
        return this.collect();
    }
  }

  private publish(site: SiteKey, holder: Holder, verify: boolean): Answer {
    const refusal = this.refusalOf(site);
    if (refusal) return settled(refusal);
    const existing = this.publications.get(site.hostname);
    const holders = [
      ...(existing?.holders ?? []).filter((one) => one.id !== holder.id),
      { ...holder, service: site.service },
    ];
    const service = serviceFor(holders, site.service);
    this.publications.set(site.hostname, { ...site, service, since: existing?.since ?? this.context.now, holders });
    const isLive =
      existing?.service === service &&
      existing.port === site.port &&
      this.state.publications.has(site.hostname) &&
      !this.wants.has(site.hostname);
    if (isLive && !verify) {
      return {
        kind: 'settled',
        outcome: { kind: 'published', hostname: site.hostname, port: site.port, created: false, apiCalls: 0 },
      };
    }
    this.want(site);
    return { kind: 'publish', site, hostname: site.hostname };
  }

  private release(user: string, holderId: string): Answer {
    const held = [...this.publications.values()].filter(
      (one) =>
        one.user === user &&
        // Nobody knows any more who held what was recovered: whoever of this user lets go, lets go of it.
        (one.holders.length === 0 || one.holders.some((holder) => holder.id === holderId)),
    );
    // Let go of before, when it could not be taken down: that is on the agenda already.
    const halfGone = [...this.state.unsettled.values()].filter(
      (one) => one.user === user && !this.publications.has(one.hostname),
    );
    if (held.length === 0 && halfGone.length === 0) return removed([], 'Nothing was held.');
    const gone = [
      ...halfGone,
      ...held.filter(
        (one) =>
          !this.keep(
            one,
            one.holders.filter((holder) => holder.id !== holderId),
          ),
      ),
    ];
    if (gone.length === 0)
      return removed([], `${held.map((one) => one.hostname).join(', ')} stays: somebody else of yours holds it.`);
    return { kind: 'remove', sites: gone };
  }

  private unpublish(site: SiteKey): Answer {
    const publication = publicationOf({ ...this.state, publications: this.publications }, site.user, site.port);
    if (publication) this.keep(publication, []);
    else this.want(site); // not in our records: what Cloudflare shows decides
    return { kind: 'remove', sites: [publication ?? site] };
  }

  private collect(): Answer {
    const gone: SiteKey[] = [];
    for (const publication of [...this.publications.values()]) {
      // What was recovered without its holders is kept while its server runs.
      if (publication.holders.length === 0 && !this.context.isListening(publication.port)) this.keep(publication, []);
      else this.want(publication);
    }
    for (const want of this.wants.values()) if (!want.present) gone.push(want);
    return gone.length === 0 ? removed([], 'Nothing was left behind.') : { kind: 'remove', sites: gone };
  }

  /** Leaves the publication to these holders; without any, it is to go. Says whether it stays. */
  private keep(publication: StoredPublication, holders: readonly Holder[]): boolean {
    if (holders.length > 0) {
      const service = serviceFor(holders, publication.service);
      this.publications.set(publication.hostname, { ...publication, service, holders });
      if (service !== publication.service) this.want(publication);
      return true;
    }
    this.publications.delete(publication.hostname);
    this.want(publication);
    return false;
  }

  private refusalOf({ hostname, user, port, machine }: SiteKey): MendableError | undefined {
    const taken = this.publications.get(hostname);
    if (taken && taken.user !== user)
      return new MendableError('hostname-taken', { hostname, problem: `${taken.user} holds it` });
    const other = [...this.publications.values()].find(
      (one) => one.port === port && one.user !== user && one.machine === machine,
    );
    return other ? new MendableError('port-held', { port, owner: other.user, hostname: other.hostname }) : undefined;
  }
}

function removed(hostnames: readonly string[], message: string): Answer {
  return { kind: 'settled', outcome: { kind: 'removed', hostnames, message, apiCalls: 0 } };
}

function settled(error: MendableError): Answer {
  return { kind: 'settled', outcome: { kind: 'error', error: error.toJSON(), apiCalls: 0 } };
}
