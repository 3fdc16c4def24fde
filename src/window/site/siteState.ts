// One site: the publication of one port by this window. What it can be, what can happen to it, and what can be asked
// for in return, all as data. The machine over it is transitions.ts; the window with its several ports is windowState.ts.

import { problemFor, type Problem } from '../../messages/messages.ts';
import type { Refusal } from '../../relay/probeResult.ts';

import type { ProcessId, ShellId } from '../../shell/processIds.ts';

export type { Problem };

/** What a shell does for a site. A run that has ended still holds the site: a stopped server keeps its link. */
export interface Run {
  /** Absent: held by hand, or carried over from before a reload, so that no process is known. */
  readonly process?: ProcessId;
  readonly running: boolean;
}

export interface Publication {
  readonly hostname: string;
  readonly url: string;
  readonly port: number;
}

/** What this window holds: `life` names the guardian and the holder made for it. */
export interface Lease {
  readonly life: number;
  readonly publication: Publication;
}

/** Why publishing takes a while; `until` in ms since 1970. */
export interface Note {
  readonly message: string;
  readonly until?: number;
}

/** What is known of a server that visitors do not get an answer from. */
export interface Finding {
  /** It listens on this port instead. */
  readonly elsewhere?: number;
  /** It listens where it should, but a visitor gets no answer: it is still starting, or speaks no HTTP. */
  readonly mute?: true;
}

interface Base {
  readonly runs: ReadonlyMap<ShellId, Run>;
  /** The notification about this publication was shown (or, in the site without a port, the warning). */
  readonly told: boolean;
  /** What was said of a server that refuses visitors: the same is not said twice of one publication. */
  readonly toldRefusal?: string;
}
export interface Idle extends Base {
  readonly kind: 'idle';
}
export interface Publishing extends Base {
  readonly kind: 'publishing';
  readonly life: number;
  readonly lease?: Lease;
  readonly note?: Note;
  /** Tries in a row that failed for what time may mend. */
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
}
export interface Stopped extends Base {
  readonly kind: 'stopped';
  readonly lease: Lease;
  /** Visitors get a response, from a server that another window of the student started. */
  readonly answered?: true;
}
export interface Away extends Base {
  readonly kind: 'away';
  readonly lease?: Lease;
}
export interface Failed extends Base {
  readonly kind: 'failed';
  readonly problem: Problem;
  readonly lease?: Lease;
  /** It is tried again by itself: the life of the try that failed, and how many in a row did. */
  readonly retry?: { readonly life: number; readonly failures: number };
}
export interface NotPublic extends Base {
  readonly kind: 'notPublic';
}
export type Site = Idle | Publishing | AwaitingServer | Live | Stopped | Away | Failed | NotPublic;
export type Kind = Site['kind'];

export type SiteEvent =
  | { readonly type: 'ran'; readonly shell: ShellId; readonly process: ProcessId; readonly told?: boolean }
  | { readonly type: 'ranWithoutPort'; readonly shell: ShellId; readonly process: ProcessId }
  | { readonly type: 'ranWithBadPort'; readonly shell: ShellId; readonly process: ProcessId; readonly problem: Problem }
  /** Runs, but the student took it down by hand before a reload. */
  | { readonly type: 'declined'; readonly shell: ShellId; readonly process: ProcessId }
  /** Held before a reload; its server does not run. */
  | { readonly type: 'restored'; readonly shell: ShellId; readonly told: boolean }
  | { readonly type: 'ended'; readonly shell: ShellId }
  | { readonly type: 'closed'; readonly shell: ShellId }
  | { readonly type: 'republish'; readonly shell: ShellId }
  | { readonly type: 'unpublish' }
  | { readonly type: 'queued'; readonly life: number; readonly note: Note }
  | { readonly type: 'busy'; readonly life: number; readonly note: Note & { readonly until: number } }
  | { readonly type: 'retry'; readonly life: number }
  | { readonly type: 'published'; readonly life: number; readonly publication: Publication; readonly created: boolean }
  /** `retryAfterSeconds` where time may mend it. */
  | { readonly type: 'refused'; readonly life: number; readonly problem: Problem; readonly retryAfterSeconds?: number }
  /** Taking it down by hand did not work: it is still public. */
  | { readonly type: 'notRemoved'; readonly lease: Lease; readonly problem: Problem }
  /** A visitor gets an answer. */
  | { readonly type: 'listening' }
  /** A visitor gets none. */
  | ({ readonly type: 'silent' } & Finding)
  /** A visitor gets a refusal for an answer. */
  | { readonly type: 'visitorsRefused'; readonly refusal: Refusal }
  /** It must not be public any longer: another user's program listens on the port, or the service is stopping. */
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
  /** Let the guardian clean up by itself, after its grace: a publish that failed may have left something. */
  | { readonly type: 'abandon'; readonly life: number }
  | { readonly type: 'retryAt'; readonly life: number; readonly at: number }
  | { readonly type: 'retryIn'; readonly life: number; readonly seconds: number }
  | { readonly type: 'tellLive'; readonly publication: Publication }
  | { readonly type: 'tellProblem'; readonly problem: Problem };

/** The member of a union with this `kind` or `type`. */
export type Of<U, K extends 'kind' | 'type', V> = Extract<U, Record<K, V>>;

export interface Step<S extends Site = Site> {
  readonly site: S;
  readonly effects: readonly Effect[];
}

export const idleSite: Idle = { kind: 'idle', runs: new Map(), told: false };

/** Shown as a warning and in the status bar when a command runs without PORT. */
export const noPort: Problem = problemFor('no-port', { variable: 'PORT', assignment: 'export PORT=3000' });

/** The code of a problem that is a refusal. */
export const visitorsRefusedCode = 'visitors-refused';

/** Shown as a warning and in the status bar when the server refuses visitors. */
export const refusalProblem = ({ server, why, file, fix }: Refusal): Problem =>
  problemFor(visitorsRefusedCode, { server, problem: `${why.charAt(0).toUpperCase()}${why.slice(1)}`, file, fix });

/** Whether a command of the site runs now, as far as is known. */
export const isRunning = (site: Site): boolean => [...site.runs.values()].some((run) => run.running);

/** The lease behind a state: what has to be let go in the end. */
export const leaseOf = (site: Site): Lease | undefined => ('lease' in site ? site.lease : undefined);
