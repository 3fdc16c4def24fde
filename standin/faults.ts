// Faults that a test arms: the calls that each one hits, and the answer that they get.

export interface Fault {
  /**
   * - `refuse`: the connection is reset before anything is read
   * - `drop`: the request is read, and the connection closed without an answer
   * - `hang-headers`: no answer ever comes
   * - `hang-body`: the headers come, and half of the body
   * - `cut-body`: so do they, and then the connection is reset
   * - `half-json`: a whole answer whose JSON ends in the middle
   * - `status`: the `status` with an error of that `code` and `message`
   * - `not-success`: status 200 with `success: false`
   * - `html`: a page that is no JSON, with the `status`
   */
  kind: 'refuse' | 'drop' | 'hang-headers' | 'hang-body' | 'cut-body' | 'half-json' | 'status' | 'not-success' | 'html';
  /** The call takes effect, and only its answer is lost or replaced; default false. */
  effect?: boolean | undefined;
  status?: number | undefined;
  code?: number | undefined;
  message?: string | undefined;
  retryAfterSeconds?: number | undefined;
}

/** The calls that a fault hits: they match `method`, `path` and `pattern`, where given. */
export interface FaultTarget {
  method?: string | undefined;
  /** A part of the path with its query. */
  path?: string | undefined;
  /** The source of a regular expression for the path with its query. */
  pattern?: string | undefined;
  /** The first matching call that is hit, counted from 1; default 1. */
  nth?: number | undefined;
  /** Hit that call and every later one; otherwise only that one. */
  always?: boolean | undefined;
}

export type ArmedFault = Fault & FaultTarget;

/** Every way in which a remote call can fail, by name, for tests that go through all of them. */
export const everyFault: Readonly<Record<string, Fault>> = {
  'connection refused': { kind: 'refuse' },
  'dropped before it took effect': { kind: 'drop' },
  'dropped after it took effect': { kind: 'drop', effect: true },
  'hang at the headers, without effect': { kind: 'hang-headers' },
  'hang at the headers, after it took effect': { kind: 'hang-headers', effect: true },
  'hang in the body': { kind: 'hang-body', effect: true },
  'cut off in the body': { kind: 'cut-body', effect: true },
  'half of the JSON': { kind: 'half-json', effect: true },
  '400 with a code': { kind: 'status', status: 400, code: 1002, message: 'Bad request' },
  '401': { kind: 'status', status: 401, code: 10000, message: 'Authentication error' },
  '403': { kind: 'status', status: 403, code: 9109, message: 'Unauthorized to access requested resource' },
  '404': {
    kind: 'status',
    status: 404,
    code: 7003,
    message: 'Could not route, perhaps your object identifier is invalid?',
  },
  '409': { kind: 'status', status: 409, code: 1013, message: 'Conflict' },
  '429': {
    kind: 'status',
    status: 429,
    code: 971,
    message: 'Please wait and consider throttling your request speed',
    retryAfterSeconds: 300,
  },
  '500 before it took effect': { kind: 'status', status: 500, code: 1000, message: 'Internal server error' },
  '500 after it took effect': {
    kind: 'status',
    status: 500,
    code: 1000,
    message: 'Internal server error',
    effect: true,
  },
  '200 with success: false': { kind: 'not-success', code: 1000, message: 'An unknown error occurred' },
  'an HTML page with status 200': { kind: 'html', status: 200 },
  'an HTML page with status 502': { kind: 'html', status: 502 },
};

export class Faults {
  readonly #armed = new Map<ArmedFault, { seen: number }>();

  /** The faults that may still strike. */
  get armed(): ArmedFault[] {
    return [...this.#armed.keys()];
  }

  /** Arms a fault, and returns the function that disarms it. */
  add(fault: ArmedFault): () => void {
    this.#armed.set(fault, { seen: 0 });
    return () => void this.#armed.delete(fault);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** Returns the fault that strikes this call, if any. Every armed fault counts every call that matches it. */
  strike(method: string, path: string): Fault | undefined {
    let striking: ArmedFault | undefined;
    for (const [fault, state] of this.#armed) {
      if (!hits(fault, method, path)) continue;
      state.seen += 1;
      if (state.seen >= (fault.nth ?? 1)) striking ??= fault;
    }
    if (striking && !striking.always) this.#armed.delete(striking);
    return striking;
  }
}

function hits(target: FaultTarget, method: string, path: string): boolean {
  return (
    (target.method === undefined || target.method === method) &&
    (target.path === undefined || path.includes(target.path)) &&
    (target.pattern === undefined || new RegExp(target.pattern).test(path))
  );
}
