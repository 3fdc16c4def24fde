import { MendableError, type ErrorCode, type Facts } from './errors.ts';
import { livenessOf, type ProcessIdentity } from './processIdentity.ts';
import type { Holder, SiteKey } from './publications.ts';
import { requestShape } from './schemas.ts';
import type { StateFolder } from './stateFolder.ts';

/** What somebody asks for. */
export type Action =
  | {
      readonly kind: 'publish';
      readonly site: SiteKey;
      readonly holder: Holder;
      /** Look at Cloudflare even if our records say that it is live. */ readonly verify: boolean;
    }
  | { readonly kind: 'release'; readonly user: string; readonly holder: string }
  | { readonly kind: 'unpublish'; readonly site: SiteKey }
  | { readonly kind: 'collect' };

export interface Request {
  readonly version: 1;
  readonly id: string;
  /** Milliseconds since 1970, by the requester's clock. */
  readonly at: number;
  readonly by: ProcessIdentity;
  readonly action: Action;
}

/** What its requester is told; `apiCalls` are those of the round that served it, shared by all in it. */
export type Outcome = { readonly apiCalls: number } & (
  | { readonly kind: 'published'; readonly hostname: string; readonly port: number; readonly created: boolean }
  | { readonly kind: 'removed'; readonly hostnames: readonly string[]; readonly message: string }
  | { readonly kind: 'error'; readonly error: { readonly code: ErrorCode; readonly facts: Facts } }
);

export const queueFolder = 'queue';

/**
 * The queue: a folder for each request, in which its outcome appears. Only the requester watches its folder, so an outcome
 * wakes exactly the one who waits for it.
 */
export class Queue {
  constructor(
    private readonly folder: StateFolder,
    private readonly self: ProcessIdentity,
    private readonly log: (line: string) => void,
  ) {}

  async submit(id: string, at: number, action: Action): Promise<Request> {
    const request: Request = { version: 1, id, at, by: this.self, action };
    await this.folder.makeFolder(queueFolder, id);
    await this.folder.write([queueFolder, id, 'request.json'], JSON.stringify(request));
    return request;
  }

  /** Everything that waits, oldest first. A request that cannot be read is answered so, and is in nobody's way. */
  async pending(now: number): Promise<Request[]> {
    const found = await Promise.all((await this.folder.list(queueFolder)).map((id) => this.readPending(id, now)));
    return found
      .filter((request) => request !== undefined)
      .sort((one, other) => one.at - other.at || one.id.localeCompare(other.id));
  }

  async isEmpty(now: number): Promise<boolean> {
    return (await this.pending(now)).length === 0;
  }

  /** The ids of all requests that are there, answered or not: cheap, for the gathering of a crowd. */
  async ids(): Promise<string[]> {
    return this.folder.list(queueFolder);
  }

  async settle(id: string, outcome: Outcome): Promise<void> {
    await this.folder.write([queueFolder, id, 'outcome.json'], JSON.stringify(outcome)).catch(ignoreWithdrawn);
  }

  async outcomeOf(id: string): Promise<Outcome | undefined> {
    const text = await this.folder.read(queueFolder, id, 'outcome.json');
    return text === undefined ? undefined : (JSON.parse(text) as Outcome);
  }

  async withdraw(id: string): Promise<void> {
    await this.folder.remove(queueFolder, id);
  }

  private async readPending(id: string, now: number): Promise<Request | undefined> {
    const age = now - requestTime(id);
    // First the outcome: a requester who has it takes both away, and must not seem to wait for it.
    const answered = (await this.folder.read(queueFolder, id, 'outcome.json')) !== undefined;
    const text = await this.folder.read(queueFolder, id, 'request.json');
    if (text === undefined) {
      // still being written, or its requester died of it
      if (age > patience.unwritten) await this.withdraw(id);
      return undefined;
    }
    const request = parse(id, text);
    if (!request) {
      if (!answered) await this.refuseUnreadable(id);
      else if (age > patience.unfetched) await this.withdraw(id);
      return undefined;
    }
    const abandoned = livenessOf(request.by, this.self) === 'dead' || (answered && age > patience.unfetched);
    // Nobody waits for this any more. To take something down is still right; to put something up for nobody is not.
    if (abandoned && (answered || request.action.kind === 'publish' || request.action.kind === 'collect'))
      await this.withdraw(id);
    return answered || (abandoned && request.action.kind === 'publish') ? undefined : request;
  }

  private async refuseUnreadable(id: string): Promise<void> {
    const file = this.folder.in(queueFolder, id, 'request.json');
    const error = new MendableError('request-unreadable', { file, problem: 'its version is unknown, or it is torn' });
    this.log(`${error.message} It is left out.`);
    await this.settle(id, { kind: 'error', error: error.toJSON(), apiCalls: 0 });
  }
}

/** Milliseconds after which what is left of a request is removed: its requester may have died where nobody can see it. */
const patience = { unwritten: 60_000, unfetched: 3_600_000 } as const;

/** A request's id begins with its time, so that a listing is in order; the rest makes it one of a kind. */
export function requestId(now: number, newId: () => string): string {
  return `${now.toString(36).padStart(9, '0')}-${newId()}`;
}

/** Milliseconds since 1970 at which the request of this id was made. */
export function requestTime(id: string): number {
  return Number.parseInt(id, 36);
}

function parse(id: string, text: string): Request | undefined {
  try {
    return { ...requestShape.parse(JSON.parse(text)), id } as Request;
  } catch {
    return undefined;
  }
}

/** Its requester has left and taken the folder along. */
function ignoreWithdrawn(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
