// The desired state of a round: which sites stay, come and go, and how each request will be answered.
import { concerns, currentControls, decided, refusalByTeacher, type Controls, type SocketsOn } from './controls.ts';
import type { DesiredStateContext } from './desiredStateContext.ts';
import { isSameUser } from './marker.ts';
import type { Want } from './plan.ts';
import {
  isRelayService,
  serviceFor,
  type Holder,
  type IdleRecord,
  type SiteKey,
  type StoredPublication,
  type StoredState,
} from './publications.ts';
import { publishRefusal } from './publishRefusal.ts';
import type { Outcome, Request, TeacherAction } from './queue.ts';

/** How a request will be answered once its hostnames are in the desired state. */
export type Answer =
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  | { readonly kind: 'publish'; readonly site: SiteKey }
  | { readonly kind: 'remove'; readonly sites: readonly SiteKey[] }
  /** `repaired`: sites that were compared with Cloudflare, and are written again if something of them was missing. */
  | { readonly kind: 'collect'; readonly removed: readonly SiteKey[]; readonly repaired: readonly SiteKey[] };

export interface DesiredState {
  /** The publications with their holders, if everything succeeds. */
  readonly publications: ReadonlyMap<string, StoredPublication>;
  readonly controls: Controls;
  /** The hostnames to compare with Cloudflare. Without any, the round makes no call. */
  readonly wants: ReadonlyMap<string, Want>;
  readonly answers: ReadonlyMap<Request['id'], Answer>;
}

/** Works out the desired state from the stored state and the requests. Pure, except that it asks `context`. */
export function desiredState(
  state: StoredState,
  requests: readonly Request[],
  context: DesiredStateContext,
): DesiredState {
  const draft = new Draft(state, context);
  draft.dropDeadHolders();
  if (context.closed) draft.dropAll();
  for (const site of state.unsettled.values()) draft.want(site);
  if (context.verifyAll) for (const publication of draft.publications.values()) draft.want(publication);
  for (const request of requests) draft.answers.set(request.id, draft.serve(request));
  // Idle records alone are no reason for a call: they go with the next round that makes one.
  if (draft.wants.size > 0) draft.dropIdleRecords(({ idleSince }) => draft.isOver(idleSince));
  return draft;
}

const noSockets: SocketsOn = () => [];

type PublishAction = Extract<Request['action'], { kind: 'publish' }>;

class Draft implements DesiredState {
  readonly publications: Map<string, StoredPublication>;
  controls: Controls;
  readonly wants = new Map<string, Want>();
  readonly answers = new Map<string, Answer>();
  readonly #state: StoredState;
  readonly #context: DesiredStateContext;

  constructor(state: StoredState, context: DesiredStateContext) {
    this.#state = state;
    this.#context = context;
    this.publications = new Map(state.publications);
    this.controls = currentControls(state.controls, context.now);
  }

  /** Wants these idle records to be removed, unless a site uses them again. */
  dropIdleRecords(isDue: (record: IdleRecord) => boolean): void {
    const due = [...this.#state.idle.values()].filter(
      (record) => isDue(record) && !this.publications.has(record.hostname),
    );
    for (const { hostname, user, port, machine, service } of due) {
      const isWanted = this.wants.has(hostname);
      const want: Want = { hostname, user, port, machine, service, present: false };
      this.wants.set(hostname, isWanted ? want : { ...want, keeps: 'rule' });
    }
  }

  /** Whether a record that is idle since this time has been kept long enough. */
  isOver(since: string): boolean {
    return Date.parse(this.#context.now) - Date.parse(since) >= (this.#context.keepRecordFor ?? 0);
  }

  /** Wants the hostname to be present if it has a publication, and absent otherwise. */
  want(site: SiteKey): void {
    const publication = this.publications.get(site.hostname);
    const { hostname, user, port, machine, service } = publication ?? site;
    const present = publication !== undefined;
    const keepsRecord = !present && (this.#context.keepRecordFor ?? 0) > 0;
    this.wants.set(hostname, {
      ...{ hostname, user, port, machine, service, present },
      ...(keepsRecord && { keeps: 'record' }),
    });
  }

  dropDeadHolders(): void {
    for (const publication of this.#state.publications.values()) {
      const holders = publication.holders.filter((holder) => !this.#isDead(holder));
      if (holders.length < publication.holders.length) this.#keep(publication, holders);
    }
  }

  dropAll(): void {
    for (const publication of [...this.publications.values()]) this.#keep(publication, []);
  }

  serve({ action }: Request): Answer {
    switch (action.kind) {
      case 'publish':
        return this.#publish(action);
      case 'release':
        return this.#release(action.user, action.holder);
      case 'unpublish':
        return this.#unpublish(action.site);
      case 'collect':
        return this.#collect(action.idleRecords ?? false);
      case 'stop':
      case 'pause':
      case 'resume':
        return this.#control(action);
    }
  }

  #publish({ site, holder, verify, startedAt }: PublishAction): Answer {
    const { hostname, port } = site;
    const existing = this.publications.get(hostname);
    const otherHolders = (existing?.holders ?? []).filter(({ id }) => id !== holder.id);
    const attempt = { site, startedAt, isRelayed: isRelayService(site.service) };
    const { now, socketsOn = noSockets, closed } = this.#context;
    const { controls, refusal: byTeacher } = refusalByTeacher(this.controls, attempt, now, socketsOn, closed);
    this.controls = controls;
    const refusal = byTeacher ?? publishRefusal(site, holder, this.publications, this.#context);
    if (refusal) return settled({ kind: 'error', error: refusal.toJSON(), apiCalls: 0 });
    const holders = [...otherHolders, { ...holder, service: site.service }];
    const service = serviceFor(holders, site.service);
    this.publications.set(hostname, { ...site, service, since: existing?.since ?? this.#context.now, holders });
    const isLive =
      existing?.service === service &&
      existing.port === port &&
      this.#state.publications.has(hostname) &&
      !this.wants.has(hostname);
    if (isLive && !verify) return settled({ kind: 'published', hostname, port, created: false, apiCalls: 0 });
    this.want(site);
    return { kind: 'publish', site };
  }

  #release(user: string, holderId: string): Answer {
    const held = [...this.publications.values()].filter(
      ({ user: owner, holders }) =>
        isSameUser(owner, user) &&
        // The holders of a recovered publication are unknown: any release by its user ends it.
        (holders.length === 0 || holders.some(({ id }) => id === holderId)),
    );
    // Sites that an earlier release could not take down are unsettled and already wanted absent.
    const halfRemoved = [...this.#state.unsettled.values()].filter(
      (site) => isSameUser(site.user, user) && !this.publications.has(site.hostname),
    );
    if (held.length === 0 && halfRemoved.length === 0) return removed('Nothing was held.');
    const removedNow = held.filter((publication) => {
      const others = publication.holders.filter(({ id }) => id !== holderId);
      return !this.#keep(publication, others);
    });
    const sites = [...halfRemoved, ...removedNow];
    if (sites.length > 0) return { kind: 'remove', sites };
    const names = held.map(({ hostname }) => hostname).join(', ');
    return removed(`${names} stays: another of your windows or shells holds it.`);
  }

  #unpublish(site: SiteKey): Answer {
    const publication = [...this.publications.values()].find(
      ({ user, port }) => isSameUser(user, site.user) && port === site.port,
    );
    if (publication) this.#keep(publication, []);
    else this.want(site); // unknown to the state, so Cloudflare decides
    return { kind: 'remove', sites: [publication ?? site] };
  }

  #collect(idleRecords: boolean): Answer {
    for (const publication of [...this.publications.values()]) {
      // A recovered publication without holders stays while its server runs.
      const isLeft = publication.holders.length === 0 && !this.#context.isListening(publication.port);
      if (isLeft) this.#keep(publication, []);
      else this.want(publication);
    }
    this.dropIdleRecords(({ idleSince }) => idleRecords || this.isOver(idleSince));
    const wants = [...this.wants.values()];
    return {
      kind: 'collect',
      removed: wants.filter(({ present }) => !present),
      repaired: wants.filter(({ hostname, present }) => present && this.#state.publications.has(hostname)),
    };
  }

  /** Carries out a decision of the teacher. What it takes down goes in this round. */
  #control(action: TeacherAction): Answer {
    const isConcerned = ({ user }: SiteKey) => action.kind !== 'resume' && concerns(action.users, user);
    const live = [...this.publications.values()].filter(isConcerned);
    const halfRemoved = [...this.#state.unsettled.values()].filter(
      (site) => isConcerned(site) && !this.publications.has(site.hostname),
    );
    const { now, socketsOn = noSockets } = this.#context;
    this.controls = decided(this.controls, action, live, now, socketsOn);
    for (const publication of live) this.#keep(publication, []);
    const sites = [...halfRemoved, ...live];
    return sites.length > 0 ? { kind: 'remove', sites } : removed('Nothing was live.');
  }

  /** Gives the publication these holders; without any it is removed. Returns whether it stays. */
  #keep(publication: StoredPublication, holders: readonly Holder[]): boolean {
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

  #isDead({ process }: Holder): boolean {
    return process !== undefined && this.#context.livenessOf(process) === 'dead';
  }
}

function settled(outcome: Outcome): Answer {
  return { kind: 'settled', outcome };
}

function removed(message: string): Answer {
  return settled({ kind: 'removed', hostnames: [], message, apiCalls: 0 });
}
