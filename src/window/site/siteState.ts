// One site: the publication of one port by this window. Its states, events and effects, as data. The state machine is in
// transitions.ts; windowState.ts has the window with all its sites.
import { problemFor, type Problem } from '../../messages/messages.ts';
import type { Words } from '../../messages/texts.ts';
import type { Refusal } from '../../relay/probeResult.ts';
import type { ProcessId, ShellId } from '../../shell/processIds.ts';

export type { Problem };

/** A watched command of one shell. A run that has ended still holds the site, so a stopped server keeps its link. */
export interface Run {
  /** Absent if no process is known: the site was published by hand, or before a reload. */
  readonly process?: ProcessId;
  readonly running: boolean;
  /** The port of its server, if the student chose that server to be shown. Of a site's runs, at most one has it. */
  readonly shows?: number;
}

export interface Publication {
  readonly hostname: string;
  readonly url: string;
  readonly port: number;
}

/** A publication that this window holds. `life` names its guardian and its holder. */
export interface Lease {
  readonly life: number;
  readonly publication: Publication;
}

/** The reason why publishing takes long; `until` in ms since 1970. */
export interface Note {
  readonly message: Words;
  readonly until?: number;
}

/** The known facts about a server that gives visitors no response. */
export interface Finding {
  /** It listens on this port instead. */
  readonly elsewhere?: number;
  /** It listens on the right port, but gives no response: it is still starting, or does not speak HTTP. */
  readonly mute?: true;
  /** It listens on this address alone, which the connector does not reach. */
  readonly unreachable?: string;
  readonly heldBy?: Holder;
  /** A program of another account listens on the port. */
  readonly foreign?: true;
}

/** A program of the student's that holds the port and belongs to no terminal of the site. */
export interface Holder {
  /** Absent for a program that must not be ended: it runs the window itself. */
  readonly process?: ProcessId;
  /** Its command line. */
  readonly command: string;
}

interface Base {
  readonly runs: ReadonlyMap<ShellId, Run>;
  /** The notification about this publication was shown (or, in the site without a port, the warning). */
  readonly notified: boolean;
  /** The last refusal that the student was notified of; each is notified once for a publication. */
  readonly notifiedRefusal?: string;
  /** The last program that the student was told holds the port. */
  readonly notifiedHolder?: string;
  /** The reason why visitors do not reach the site, while that lasts. */
  readonly lost?: Words;
}
export interface Idle extends Base {
  readonly kind: 'idle';
}
export interface Publishing extends Base {
  readonly kind: 'publishing';
  readonly life: number;
  readonly lease?: Lease;
  readonly note?: Note;
  /** Consecutive tries that failed with a temporary error. */
  readonly failures?: number;
}
export interface AwaitingServer extends Base, Finding {
  readonly kind: 'waiting';
  readonly lease: Lease;
  readonly refusal?: Refusal;
}
export interface Live extends Base {
  readonly kind: 'live';
  readonly lease: Lease;
  /** Ports of the student's other servers with this site's port, which visitors do not see. */
  readonly hidden?: readonly number[];
  /** The base path of the server, at which its site is. */
  readonly path?: string;
}
export interface Stopped extends Base {
  readonly kind: 'stopped';
  readonly lease: Lease;
  /** Visitors get a response, from a server that another window of the student started. */
  readonly answered?: true;
  readonly heldBy?: Holder;
}
export interface Away extends Base {
  readonly kind: 'away';
  readonly lease?: Lease;
}
export interface Failed extends Base {
  readonly kind: 'failed';
  readonly problem: Problem;
  readonly lease?: Lease;
  /** Present if it is retried automatically: the life of the failed try, and the number of consecutive failures. */
  readonly retry?: { readonly life: number; readonly failures: number };
}
export interface NotPublic extends Base {
  readonly kind: 'notPublic';
}
export type Site = Idle | Publishing | AwaitingServer | Live | Stopped | Away | Failed | NotPublic;
export type Kind = Site['kind'];

export type SiteEvent =
  /** `shows`: the student chose its server, on this port, to be shown. */
  | {
      readonly type: 'ran';
      readonly shell: ShellId;
      readonly process: ProcessId;
      readonly notified?: boolean;
      readonly shows?: number;
    }
  | { readonly type: 'ranWithoutPort'; readonly shell: ShellId; readonly process: ProcessId }
  | { readonly type: 'ranWithBadPort'; readonly shell: ShellId; readonly process: ProcessId; readonly problem: Problem }
  /** The command runs, but the student took the site down before a reload. */
  | { readonly type: 'declined'; readonly shell: ShellId; readonly process: ProcessId }
  /** The site was held before a reload; its server does not run. */
  | { readonly type: 'restored'; readonly shell: ShellId; readonly notified: boolean }
  | { readonly type: 'ended'; readonly shell: ShellId }
  | { readonly type: 'closed'; readonly shell: ShellId }
  | { readonly type: 'republish'; readonly shell: ShellId }
  | { readonly type: 'unpublish' }
  | { readonly type: 'queued'; readonly life: number; readonly note: Note }
  | { readonly type: 'busy'; readonly life: number; readonly note: Note & { readonly until: number } }
  | { readonly type: 'retry'; readonly life: number }
  | { readonly type: 'published'; readonly life: number; readonly publication: Publication; readonly created: boolean }
  /** `retryAfterSeconds` is set for a temporary error. */
  | { readonly type: 'refused'; readonly life: number; readonly problem: Problem; readonly retryAfterSeconds?: number }
  /** Taking the site down failed: it is still public. */
  | { readonly type: 'notRemoved'; readonly lease: Lease; readonly problem: Problem }
  /** A visitor gets a response, at this path if it is not `/`. */
  | { readonly type: 'listening'; readonly path?: string }
  /** A visitor gets no response. */
  | ({ readonly type: 'silent' } & Finding)
  /** The server rejects visitors. */
  | { readonly type: 'visitorsRefused'; readonly refusal: Refusal }
  /** Other servers were started with this site's port; visitors see the one on `port`. */
  | { readonly type: 'hiddenServers'; readonly port: number; readonly hidden: readonly number[] }
  /**
   * Visitors no longer reach it: its rule or record was deleted, or the connector is gone (`lasts`, until `reachedAgain`), or its
   * relay is at another place now.
   */
  | { readonly type: 'lost'; readonly reason: Words; readonly lasts?: true }
  | { readonly type: 'reachedAgain' }
  /** The site must not stay public: another user's program listens on the port, or the service is stopping. */
  | { readonly type: 'withdrawn'; readonly problem: Problem }
  /** The guardian of this lease was killed. */
  | { readonly type: 'guardianLost'; readonly life: number }
  | { readonly type: 'windowSilent'; readonly seconds: number; readonly limitSeconds: number }
  | { readonly type: 'windowAnswers' };
export type SiteEventType = SiteEvent['type'];

export type Effect =
  | { readonly type: 'publish'; readonly life: number; readonly verify: boolean }
  | { readonly type: 'release'; readonly life: number }
  | { readonly type: 'unpublish'; readonly lease: Lease }
  /** Leaves the clean-up to the guardian, after its grace: a failed publish may have had an effect. */
  | { readonly type: 'abandon'; readonly life: number }
  | { readonly type: 'retryAt'; readonly life: number; readonly at: number }
  | { readonly type: 'retryIn'; readonly life: number; readonly seconds: number }
  | { readonly type: 'notifyLive'; readonly publication: Publication }
  | { readonly type: 'notifyProblem'; readonly problem: Problem };

/** The member of a union with this `kind` or `type`. */
export type Of<U, K extends 'kind' | 'type', V> = Extract<U, Record<K, V>>;

export interface Step<S extends Site = Site> {
  readonly site: S;
  readonly effects: readonly Effect[];
}

export const idleSite: Idle = { kind: 'idle', runs: new Map(), notified: false };

/** The fields that every state of one publication has. */
export const kept = ({ runs, notified, notifiedRefusal, notifiedHolder, lost }: Site): Pick<Site, keyof Base> => ({
  runs,
  notified,
  ...(notifiedRefusal !== undefined && { notifiedRefusal }),
  ...(notifiedHolder !== undefined && { notifiedHolder }),
  ...(lost !== undefined && { lost }),
});

/** Shown as a warning and in the status bar when a command runs without PORT. */
export const noPort: Problem = problemFor('no-port', { variable: 'PORT', assignment: 'export PORT=3000' });

/** The codes of a teacher's decisions. */
export const stoppedByTeacherCode = 'stopped-by-teacher';
export const pausedCode = 'paused';

/** The code of a problem that is a refusal. */
export const visitorsRefusedCode = 'visitors-refused';

/** Shown as a warning and in the status bar when the server refuses visitors. */
export const refusalProblem = ({ server, why, file, fix }: Refusal): Problem =>
  problemFor(visitorsRefusedCode, { server, problem: why, file, fix });

/** The code of the problem that another server holds the port. */
export const portBlockedCode = 'port-blocked';

/** The program that holds the port of a site, if it is known. */
export const holderOf = (site: Site): Holder | undefined => ('heldBy' in site ? site.heldBy : undefined);

/** The running command whose server the student chose to be shown. */
export function chosenRun(site: Site): { readonly process: ProcessId; readonly shows: number } | undefined {
  for (const { process, running, shows } of site.runs.values())
    if (running && process !== undefined && shows !== undefined) return { process, shows };
  return undefined;
}

/** Whether a command of the site is known to run. */
export const isRunning = (site: Site): boolean => [...site.runs.values()].some((run) => run.running);

/** The publication of a site, with the address at which its page is. */
export function publicationOf(site: Site): Publication | undefined {
  const publication = leaseOf(site)?.publication;
  const path = site.kind === 'live' ? site.path : undefined;
  return publication && path !== undefined ? { ...publication, url: new URL(path, publication.url).href } : publication;
}

/** The lease of a state, if it has one. */
export const leaseOf = (site: Site): Lease | undefined => ('lease' in site ? site.lease : undefined);
