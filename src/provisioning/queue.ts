// The request queue: a folder for each request, in which its outcome appears.
import { parseJson } from '../json.ts';
import { FixableError, type ErrorCode, type Facts } from './errors.ts';
import { livenessOf, type ProcessIdentity } from './processIdentity.ts';
import type { Holder, SiteKey } from './publications.ts';
import { requestShape } from './schemas.ts';
import type { StateFolder } from './stateFolder.ts';

/** The change that a request asks for. */
export type Action =
  | {
      readonly kind: 'publish';
      readonly site: SiteKey;
      readonly holder: Holder;
      /** Read from Cloudflare even if the state says that the site is live. */
      readonly verify: boolean;
      /** The start of the server's process, by the kernel: ISO 8601. */
      readonly startedAt?: string;
    }
  | { readonly kind: 'release'; readonly user: string; readonly holder: string }
  | { readonly kind: 'unpublish'; readonly site: SiteKey }
  | { readonly kind: 'collect'; /** Remove idle records at once. */ readonly idleRecords?: boolean }
  | TeacherAction;

export type TeacherAction =
  /** Takes the sites of these users down. */
  | ({ readonly kind: 'stop' } & OfTeacher)
  /** `until`: ISO 8601. */
  | ({ readonly kind: 'pause'; readonly until?: string; readonly message?: string } & OfTeacher)
  | ({ readonly kind: 'resume' } & OfTeacher);

interface OfTeacher {
  /** The teacher's user name, for the audit log. */
  readonly by: string;
  /** Undefined: every user. */
  readonly users?: readonly string[];
}

export interface Request {
  readonly version: 1;
  readonly id: string;
  /** Milliseconds since 1970, by the requester's clock. */
  readonly at: number;
  readonly by: ProcessIdentity;
  readonly action: Action;
}

/** The answer to a request. `apiCalls` are the calls of the round that served it, shared by all requests of the round. */
export type Outcome = { readonly apiCalls: number } & (
  | {
      readonly kind: 'published';
      readonly hostname: string;
      readonly port: number;
      readonly created: boolean;
      /** As in the `Result` of the round. */
      readonly version?: number | undefined;
      readonly unchecked?: string | undefined;
    }
  | {
      readonly kind: 'removed';
      readonly hostnames: readonly string[];
      /** Sites of a `collect` of which something was missing at Cloudflare. */
      readonly repaired?: readonly string[];
      readonly message: string;
    }
  | { readonly kind: 'error'; readonly error: { readonly code: ErrorCode; readonly facts: Facts } }
);

export const queueFolder = 'queue';

/** Milliseconds after which the remains of a request are removed, if its requester died without being seen. */
const cleanupAges = { unwritten: 60_000, unfetched: 3_600_000 } as const;

/** The queue. Each requester watches only its own folder, so an outcome wakes exactly one process. */
export class Queue {
  readonly #folder: StateFolder;
  readonly #self: ProcessIdentity;
  readonly #log: (line: string) => void;

  constructor(folder: StateFolder, self: ProcessIdentity, log: (line: string) => void) {
    this.#folder = folder;
    this.#self = self;
    this.#log = log;
  }

  /** @param at milliseconds since 1970 */
  async submit(id: string, at: number, action: Action): Promise<Request> {
    const request: Request = { version: 1, id, at, by: this.#self, action };
    await this.#folder.makeFolder(queueFolder, id);
    await this.#folder.write([queueFolder, id, 'request.json'], JSON.stringify(request));
    return request;
  }

  /** The requests without an outcome, oldest first. A request that cannot be read gets an error for its outcome. */
  async pending(now: number): Promise<Request[]> {
    const requests = await Promise.all((await this.ids()).map((id) => this.#readPending(id, now)));
    return requests.filter((request) => request !== undefined).sort((a, b) => a.at - b.at || a.id.localeCompare(b.id));
  }

  async isEmpty(now: number): Promise<boolean> {
    return (await this.pending(now)).length === 0;
  }

  /** The ids of all requests, with and without an outcome, oldest first. Cheap. */
  async ids(): Promise<string[]> {
    return this.#folder.list(queueFolder);
  }

  async settle(id: string, outcome: Outcome): Promise<void> {
    await this.#folder.write([queueFolder, id, 'outcome.json'], JSON.stringify(outcome)).catch(ignoreWithdrawn);
  }

  async outcomeOf(id: string): Promise<Outcome | undefined> {
    const text = await this.#folder.read(queueFolder, id, 'outcome.json');
    return text === undefined ? undefined : (JSON.parse(text) as Outcome);
  }

  async withdraw(id: string): Promise<void> {
    await this.#folder.remove(queueFolder, id);
  }

  async #readPending(id: string, now: number): Promise<Request | undefined> {
    const age = now - requestTime(id);
    // The outcome is read first: a requester that has it removes both files, and must not look as if it still waited.
    const isAnswered = (await this.#folder.read(queueFolder, id, 'outcome.json')) !== undefined;
    const text = await this.#folder.read(queueFolder, id, 'request.json');
    if (text === undefined) {
      // The requester is still writing it, or died while it did.
      if (age > cleanupAges.unwritten) await this.withdraw(id);
      return undefined;
    }
    const request = parse(id, text);
    if (!request) {
      if (!isAnswered) await this.#refuseUnreadable(id);
      else if (age > cleanupAges.unfetched) await this.withdraw(id);
      return undefined;
    }
    return this.#dropIfAbandoned(request, isAnswered, age);
  }

  /** A dead requester's publication is dropped, because no process would hold it. Its removal is still carried out. */
  async #dropIfAbandoned(request: Request, isAnswered: boolean, age: number): Promise<Request | undefined> {
    const isDead = livenessOf(request.by, this.#self) === 'dead';
    const isAbandoned = isDead || (isAnswered && age > cleanupAges.unfetched);
    const { kind } = request.action;
    if (isAbandoned && (isAnswered || kind === 'publish' || kind === 'collect')) await this.withdraw(request.id);
    return isAnswered || (isAbandoned && kind === 'publish') ? undefined : request;
  }

  async #refuseUnreadable(id: string): Promise<void> {
    const file = this.#folder.in(queueFolder, id, 'request.json');
    const error = new FixableError('request-unreadable', { file, problem: 'its version is unknown, or it is torn' });
    this.#log(`${error.message} It is left out.`);
    await this.settle(id, { kind: 'error', error: error.toJSON(), apiCalls: 0 });
  }
}

/** A request's id begins with its time, so ids sort by age. */
export function requestId(now: number, newId: () => string): string {
  return `${now.toString(36).padStart(9, '0')}-${newId()}`;
}

/** When the request of this id was made: milliseconds since 1970. */
export function requestTime(id: string): number {
  return Number.parseInt(id, 36);
}

function parse(id: string, text: string): Request | undefined {
  const { success, data } = requestShape.safeParse(parseJson(text));
  return success ? ({ ...data, id } as Request) : undefined;
}

/** The requester removed its folder. */
function ignoreWithdrawn(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
