// The actions of the student's commands.
import { hostname } from 'node:os';
import type { QueueListener } from '../provisioning/context.ts';
import { assignedPort, checkPort, hostnameOf, publicUrl, type Config } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { extraRange } from '../provisioning/extraPorts.ts';
import { dependsOnPort } from '../provisioning/hostname.ts';
import { identifyOnHost } from '../provisioning/processIdentity.ts';
import { Publisher } from '../provisioning/publisher.ts';
import type { Action, Outcome } from '../provisioning/queue.ts';
import {
  isRelayPort,
  PublicationStore,
  type Holder,
  type SiteKey,
  type StoredState,
} from '../provisioning/publications.ts';
import { StateFolder } from '../provisioning/stateFolder.ts';
import { listeners } from '../shell/listeners.ts';
import { ageOf, identify } from '../shell/processIds.ts';
import { processOwner, userName } from './caller.ts';
import { connectorProblem, usesHttp2, waitUntilLoaded } from './connectorCheck.ts';
import { ownSocketFolder, relayService } from './relaySocket.ts';
import type { Report } from './report.ts';
import { openSession, openContext, type Session, type Surroundings } from './session.ts';

/** The arguments of every action. */
export interface ActionContext extends Surroundings {
  readonly report: Report;
  /** Ends the waiting in the queue; a change under way is finished. */
  readonly stop: AbortSignal;
}

export interface PublishOptions {
  readonly holder?: string;
  readonly holderPid?: number;
  readonly verify?: boolean;
  /** Through the relay at the caller's own socket instead of straight to the port. */
  readonly relay?: boolean;
  /** That relay asks visitors for the passphrase of the class. */
  readonly private?: boolean;
  /** The port of that relay, for a connector that carries no WebSocket to a socket. */
  readonly relayPort?: number;
  /** A process of the server, by whose age the service knows a new run from one that a teacher stopped. */
  readonly runPid?: number;
}

type PublishAction = Extract<Action, { kind: 'publish' }>;
type Published = Extract<Outcome, { kind: 'published' }>;
type Removed = Extract<Outcome, { kind: 'removed' }>;

/** The holder of a publication that lasts until it is taken down by a command. */
const byHand = 'hand';

/** Publishes the caller's port. @throws FixableError */
export async function publish(context: ActionContext, port: number, options: PublishOptions): Promise<void> {
  const session = openSession(context.report, context);
  checkPrivacy(session, options);
  const site = siteOf(session, port, options.relay ? await relayService(session, port, options.relayPort) : undefined);
  checkListener(session, port);
  if (options.holderPid !== undefined) checkHolder(session, options.holderPid);
  const holder: Holder = {
    id: options.holder ?? byHand,
    ...(options.holderPid === undefined ? {} : { process: identifyOnHost(options.holderPid, hostname()) }),
  };
  const startedAt = options.runPid === undefined ? undefined : startOf(session, options.runPid);
  await provision(context, session, {
    ...{ kind: 'publish', site, holder, verify: options.verify ?? false },
    ...(startedAt !== undefined && { startedAt }),
  });
}

/** Ends everything that the holder holds. @throws FixableError */
export async function release(context: ActionContext, holder: string): Promise<void> {
  const session = openSession(context.report, context);
  await provision(context, session, { kind: 'release', user: session.caller.user, holder });
}

/** Takes down the caller's publication of this port, whatever its holders. @throws FixableError */
export async function unpublish(context: ActionContext, port: number): Promise<void> {
  const session = openSession(context.report, context);
  await provision(context, session, { kind: 'unpublish', site: siteOf(session, port) });
}

/**
 * Takes down sites without a living holder, and finishes interrupted changes.
 * @param options `timer`: idle DNS records stay until their time is over; otherwise they go at once
 * @throws FixableError
 */
export async function collectGarbage(context: ActionContext, { timer }: { readonly timer?: boolean }): Promise<void> {
  await provision(context, openSession(context.report, context), { kind: 'collect', idleRecords: timer !== true });
}

/** Prints what a window needs to know before anything is published. No network, no token. */
export async function info(context: ActionContext, port?: number): Promise<void> {
  const { report } = context;
  const { config, caller } = openSession(report, context);
  const own = port ?? assignedPort(config, caller.user);
  const hostname =
    own !== undefined || !dependsOnPort(config.hostname) ? hostnameOf(config, caller.user, own ?? 0) : null;
  const publications = await readPublications(config, report);
  const publication = publications.find((one) => one.user === caller.user && (own === undefined || one.port === own));
  const extraPorts = extraRange(config);
  const event = {
    event: 'info',
    user: caller.user,
    machine: config.machine,
    port: own ?? null,
    hostname,
    url: hostname && publicUrl(config, hostname),
    commands: config.commands,
    portVariable: config.portVariable,
    socketFolder: ownSocketFolder(config, caller),
    ...(publications.some(({ service }) => isRelayPort(service)) && { usesRelayPorts: true }),
    ...(own !== undefined && extraPorts && { extraPorts }),
    ...(config.teachers.includes(caller.user) && { isTeacher: true }),
    ...(config.visibility === 'class' && { visibility: config.visibility }),
    ...(config.passphraseHash !== undefined && { passphraseHash: config.passphraseHash }),
    ...(config.allowForVisitors.length > 0 && { allowForVisitors: config.allowForVisitors }),
    publication: publication
      ? {
          hostname: publication.hostname,
          url: publicUrl(config, publication.hostname),
          port: publication.port,
          since: publication.since,
        }
      : null,
  };
  const text = Object.entries(event)
    .filter(([key]) => key !== 'event')
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  report.answer(text.join('\n'), event);
}

/** Every publication in the state folder. */
export async function readPublications(config: Config, report: Report) {
  return [...(await readState(config, report)).publications.values()];
}

export async function readState(config: Config, report: Report): Promise<StoredState> {
  return new PublicationStore(await StateFolder.open(config.stateDir), (line) => {
    report.warn(line);
  }).look();
}

async function provision(context: ActionContext, session: Session, action: Action): Promise<void> {
  const { report, env, stop } = context;
  const publisher = await Publisher.open(openContext(session, report, env));
  const request = (wanted: Action) => publisher.request(wanted, listenerOf(report), stop);
  const outcome = await request(action);
  if (outcome.kind === 'error') throw FixableError.fromJSON(outcome.error);
  if (outcome.kind === 'removed') answerRemoved(report, action, outcome);
  else if (action.kind === 'publish') await answerPublished(context, session, action, outcome, request);
  await publisher.serveOthers(stop);
}

/** Reports a request's way as progress. */
export function listenerOf(report: Report): QueueListener {
  return {
    queued: (reason, until) => {
      const { code, message, facts } = reason ?? {};
      report.progress({ event: 'queued', code, message, facts, until: until?.toISOString() }, message);
    },
    locked: () => {
      report.progress({ event: 'locked' });
    },
  };
}

/** Answers once the connector has the site. One that it misses, although nothing was written, is compared with Cloudflare. */
async function answerPublished(
  { report, stop }: Pick<ActionContext, 'report' | 'stop'>,
  { config }: Pick<Session, 'config'>,
  action: PublishAction,
  outcome: Published,
  request: (action: PublishAction) => Promise<Outcome>,
): Promise<void> {
  const { hostname, port, created, apiCalls, version } = outcome;
  const site = { hostname, url: publicUrl(config, hostname), port };
  const state = await waitUntilLoaded(config, { hostname, version }, stop, () => {
    report.progress({ event: 'saved', ...site });
  });
  if (state.kind === 'behind' && version === undefined && !action.verify) {
    const verified = { ...action, verify: true };
    const again = await request(verified);
    if (again.kind === 'error') throw FixableError.fromJSON(again.error);
    if (again.kind === 'published') await answerPublished({ report, stop }, { config }, verified, again, request);
    return;
  }
  const problem = connectorProblem(state, outcome);
  if (problem) throw problem;
  const needsRelayPort = action.site.service.startsWith('unix:') && usesHttp2(state);
  report.answer(hostname, {
    event: 'published',
    ...site,
    created,
    apiCalls,
    ...(needsRelayPort && { needsRelayPort }),
  });
}

function answerRemoved(report: Report, action: Action, { apiCalls, hostnames, repaired = [], message }: Removed): void {
  const port = 'site' in action ? action.site.port : null;
  report.answer(message, {
    event: 'removed',
    hostname: hostnames[0] ?? null,
    port,
    removed: hostnames.length > 0,
    ...(repaired.length > 0 && { repaired }),
    message,
    apiCalls,
  });
}

function siteOf({ config, caller }: Session, port: number, service = `http://localhost:${port}`): SiteKey {
  checkPort(config, caller.user, port);
  const { machine } = config;
  const hostname = hostnameOf(config, caller.user, port);
  return { hostname, user: caller.user, port, machine, service };
}

/** Another user's server is never published under the caller's name; root may publish what any account runs. */
function checkListener({ caller }: Session, port: number): void {
  if (caller.uid === 0) return;
  const other = listeners().find((listener) => listener.port === port && listener.uid !== caller.uid);
  if (other) throw new FixableError('port-foreign', { port, user: caller.user, owner: userName(other.uid) });
}

/** A site of a private class is reached through a relay that asks for the passphrase. */
function checkPrivacy({ config }: Session, { relay, private: asks }: PublishOptions): void {
  if (config.visibility === 'public' && !asks) return;
  if (config.passphraseHash === undefined) throw new FixableError('passphrase-missing');
  if (!relay) throw new FixableError('private-relay-missing');
  if (!asks) throw new FixableError('private-unasked', { seconds: 2 });
}

/** Another user's process is never a holder; one that has ended holds nothing. */
function checkHolder({ caller }: Session, pid: number): void {
  const owner = processOwner(pid);
  if (caller.uid !== 0 && owner !== undefined && owner !== caller.uid)
    throw new FixableError('holder-foreign', { pid, user: caller.user, owner: userName(owner) });
}

/** The start of a process of the caller: ISO 8601. Undefined if it has ended. */
function startOf(session: Session, pid: number): string | undefined {
  checkHolder(session, pid);
  const id = identify(pid);
  return id === undefined ? undefined : new Date(Date.now() - ageOf(id) * 1000).toISOString();
}
