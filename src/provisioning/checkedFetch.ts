import { setTimeout as delay } from 'node:timers/promises';
import { withDeadline } from '../deadline.ts';
import { MendableError } from './errors.ts';

/** May the call have taken effect all the same? A call that may have is settled by reading, never by repeating it. */
export type CallEffect = 'none' | 'unknown';

/** A call to Cloudflare that failed, with the error that a person is to read. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly status: number | undefined;
  /** Cloudflare's own codes, outermost first. */
  readonly codes: readonly number[];
  /** There was no answer in time. */
  readonly isLate: boolean;
  constructor(
    readonly effect: CallEffect,
    readonly mendable: MendableError,
    details: { status?: number; codes?: readonly number[]; isLate?: boolean; cause?: unknown } = {},
  ) {
    super(mendable.message, { cause: details.cause });
    this.status = details.status;
    this.isLate = details.isLate ?? false;
    this.codes = details.codes ?? [];
  }
}

export interface CallOptions {
  readonly fetch: typeof fetch;
  /** How long one call may take, its body included, in milliseconds. */
  readonly callDeadline: number;
  readonly signal: AbortSignal;
  readonly onCall: () => void;
  /** Throws while a rate limit blocks everybody. */
  readonly checkPause: () => void;
}

interface Envelope {
  success?: boolean;
  errors?: readonly ApiError[];
}
interface ApiError {
  code: number;
  message: string;
  error_chain?: readonly ApiError[];
}

/**
 * A fetch that returns only what is a success in every respect, read to its end; everything else is a `CallFailure`.
 * The client that it is handed to stops its own clock at the headers, and takes `success: false` for no result.
 * A write is never tried twice.
 */
export function checkedFetch(options: CallOptions): typeof fetch {
  const { callDeadline, checkPause } = options;
  return async (input, init) => {
    checkPause();
    const method = init?.method?.toUpperCase() ?? 'GET';
    const attempt: Attempt = (milliseconds, signals) =>
      tryOnce({ ...options, milliseconds, signals, call: `${method} ${pathOf(input)}` }, input, init);
    return method === 'GET' ? readTwice(attempt, callDeadline, options.signal) : attempt(callDeadline, []);
  };
}

type Attempt = (milliseconds: number, signals: readonly AbortSignal[]) => Promise<Response>;

/**
 * Reading again is always safe. So a read that met a bad moment, or that has no answer after half of its time, is tried once more,
 * beside the first: a connection that was lost costs half a deadline, and an API that is slow has a whole one.
 */
async function readTwice(attempt: Attempt, milliseconds: number, round: AbortSignal): Promise<Response> {
  const over = new AbortController();
  const first = attempt(milliseconds, [over.signal]);
  try {
    const early = await Promise.race([
      first.catch((error: unknown) => error),
      delay(milliseconds / 2, undefined, { signal: over.signal }),
    ]);
    const isBadMoment = early instanceof CallFailure && early.effect === 'unknown' && !round.aborted;
    if (early !== undefined && !isBadMoment) return await first;
    return await Promise.any([first, attempt(milliseconds / 2, [over.signal])]);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors.at(-1) : error;
  } finally {
    over.abort();
  }
}

interface AttemptOptions extends CallOptions {
  readonly call: string;
  readonly milliseconds: number;
  /** End it, beside the round's own. */
  readonly signals: readonly AbortSignal[];
}

async function tryOnce(
  { fetch, signal: round, signals, onCall, call, milliseconds }: AttemptOptions,
  ...request: Parameters<typeof fetch>
): Promise<Response> {
  const [input, init] = request;
  return withDeadline(milliseconds, [round, ...signals], async (signal) => {
    try {
      const response = await fetch(input, { ...init, signal });
      const text = await response.text();
      check(call, response, text);
      return new Response(text, { status: response.status, headers: response.headers });
    } catch (error) {
      if (error instanceof CallFailure || error instanceof MendableError) throw error;
      const late = round.aborted ? 'the time of one round' : signal.aborted ? `${milliseconds / 1000} s` : undefined;
      throw connectionFailure(call, error, late);
    } finally {
      onCall();
    }
  });
}

function check(call: string, response: Response, text: string): void {
  const { status } = response;
  const body = parse(text);
  if (response.ok && body?.success === true) return;
  const errors = (body?.errors ?? []).flatMap((error) => [error, ...(error.error_chain ?? [])]);
  const codes = errors.map((error) => error.code);
  const problem =
    errors.map((error) => `${error.code}: ${error.message}`).join('; ') ||
    (body ? 'no reason given' : 'something that is not the API answered');
  // A refusal with a client's status is Cloudflare's word that nothing was done; everything else may have been done.
  const effect = status >= 400 && status < 500 && body ? 'none' : 'unknown';
  throw new CallFailure(effect, translate(call, status, problem, response.headers), { status, codes });
}

function translate(call: string, status: number, problem: string, headers: Headers): MendableError {
  if (status === 429) return new MendableError('rate-limited', { seconds: retryAfter(headers), call });
  if (status === 401 || status === 403) return new MendableError('token-rejected', { status, problem, call });
  return new MendableError('api-failed', { call, status, problem });
}

/** `late`: the time within which no answer came. */
function connectionFailure(call: string, error: unknown, late: string | undefined): CallFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const problem =
    late !== undefined ? `no answer within ${late}` : code || (cause instanceof Error ? cause.message : String(cause));
  // Only a connection that was never made is sure to have had no effect.
  const effect = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)
    ? 'none'
    : 'unknown';
  return new CallFailure(effect, new MendableError('api-unreachable', { call, problem }), {
    isLate: late !== undefined,
    cause: error,
  });
}

/** Seconds; Cloudflare blocks a token for five minutes where it does not say. */
function retryAfter(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : 300;
}

function parse(text: string): Envelope | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function pathOf(input: Parameters<typeof fetch>[0]): string {
  const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
  return new URL(url).pathname.replace(/^\/client\/v4/, '');
}
