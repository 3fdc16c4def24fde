// A fetch for Cloudflare's API that returns successes only and turns everything else into a `CallFailure`.
import { setTimeout as delay } from 'node:timers/promises';
import { withDeadline } from '../deadline.ts';
import { parseJson } from '../json.ts';
import { FixableError } from './errors.ts';

/** Whether a failed call may have taken effect. A call that may have is settled by reading, never by repeating it. */
export type CallEffect = 'none' | 'unknown';

/** A failed call to Cloudflare, with the error that people read. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly effect: CallEffect;
  readonly mendable: FixableError;
  readonly status: number | undefined;
  /** Cloudflare's own codes, outermost first. */
  readonly codes: readonly number[];
  /** Whether the call failed because no answer came in time. */
  readonly isLate: boolean;

  constructor(
    effect: CallEffect,
    mendable: FixableError,
    details: { status?: number; codes?: readonly number[]; isLate?: boolean; cause?: unknown } = {},
  ) {
    super(mendable.message, { cause: details.cause });
    this.effect = effect;
    this.mendable = mendable;
    this.status = details.status;
    this.isLate = details.isLate ?? false;
    this.codes = details.codes ?? [];
  }
}

/** The error that people read, if `error` is a failed call; otherwise `error` itself. */
export function errorForPeople(error: unknown): unknown {
  return error instanceof CallFailure ? error.mendable : error;
}

export interface CallOptions {
  readonly fetch: typeof fetch;
  /** Milliseconds that one call may take, including its body. */
  readonly callDeadline: number;
  readonly signal: AbortSignal;
  /** Awaited before each call. If it rejects, the call is not made. */
  readonly beforeCall: () => Promise<void>;
  readonly afterCall?: () => void;
  /** Kept out of every error message. */
  readonly token: string;
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
 * A fetch that resolves only with complete successes; it rejects with `CallFailure` otherwise. The SDK that it is for stops its own
 * timeout at the headers and takes `success: false` for an empty result. A write is never tried twice.
 */
export function checkedFetch(options: CallOptions): typeof fetch {
  const { callDeadline } = options;
  return async (input, init) => {
    const method = init?.method?.toUpperCase() ?? 'GET';
    const attempt: Attempt = (milliseconds, signals) =>
      tryOnce({ ...options, milliseconds, signals, call: `${method} ${pathOf(input)}` }, input, init);
    return method === 'GET' ? readTwice(attempt, callDeadline, options.signal) : attempt(callDeadline, []);
  };
}

type Attempt = (milliseconds: number, signals: readonly AbortSignal[]) => Promise<Response>;

/**
 * Reads are safe to repeat. A read that failed, or that has no answer after half of its time, is tried once more beside the first
 * one: a lost connection costs half a deadline, and a slow API has a whole one.
 */
async function readTwice(attempt: Attempt, milliseconds: number, round: AbortSignal): Promise<Response> {
  const over = new AbortController();
  const first = attempt(milliseconds, [over.signal]);
  try {
    const early = await Promise.race([
      first.catch((error: unknown) => error),
      delay(milliseconds / 2, undefined, { signal: over.signal }),
    ]);
    const mayHelp =
      early === undefined || (early instanceof CallFailure && early.effect === 'unknown' && !round.aborted);
    if (!mayHelp) return await first;
    return await Promise.any([first, attempt(milliseconds / 2, [over.signal])]);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors.at(-1) : error;
  } finally {
    over.abort();
  }
}

interface AttemptOptions extends CallOptions {
  /** The call as error messages name it, for example `GET /zones`. */
  readonly call: string;
  readonly milliseconds: number;
  /** Signals that end the attempt, in addition to the round's own. */
  readonly signals: readonly AbortSignal[];
}

async function tryOnce(
  { fetch, signal: round, signals, beforeCall, afterCall, token, call, milliseconds }: AttemptOptions,
  ...request: Parameters<typeof fetch>
): Promise<Response> {
  const [input, init] = request;
  await beforeCall();
  return withDeadline(milliseconds, [round, ...signals], async (signal) => {
    try {
      const response = await fetch(input, { ...init, signal });
      const text = await response.text();
      check(call, response, withoutToken(text, token));
      return new Response(text, { status: response.status, headers: response.headers });
    } catch (error) {
      if (error instanceof CallFailure || error instanceof FixableError) throw error;
      const late = round.aborted ? 'the time of one round' : signal.aborted ? `${milliseconds / 1000} s` : undefined;
      throw connectionFailure(call, error, late, token);
    } finally {
      afterCall?.();
    }
  });
}

function check(call: string, response: Response, text: string): void {
  const { status } = response;
  const body = parseEnvelope(text);
  if (response.ok && body?.success === true) return;
  const errors = (body?.errors ?? []).flatMap((error) => [error, ...(error.error_chain ?? [])]);
  const codes = errors.map((error) => error.code);
  const problem =
    errors.map((error) => `${error.code}: ${error.message}`).join('; ') ||
    (body ? 'no reason given' : 'something that is not the API answered');
  // With a client error status Cloudflare says that it did nothing. Any other failure may have taken effect.
  const effect = status >= 400 && status < 500 && body ? 'none' : 'unknown';
  throw new CallFailure(effect, translate(call, status, problem, response.headers), { status, codes });
}

function translate(call: string, status: number, problem: string, headers: Headers): FixableError {
  if (status === 429) return new FixableError('rate-limited', { seconds: retryAfter(headers), call });
  if (status === 401 || status === 403) return new FixableError('token-rejected', { status, problem, call });
  return new FixableError('api-failed', { call, status, problem });
}

/** Codes of a connection that was never made, so the call had no effect. */
const unconnected = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** @param late the time within which no answer came */
function connectionFailure(call: string, error: unknown, late: string | undefined, token: string): CallFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const message = withoutToken(cause instanceof Error ? cause.message : String(cause), token);
  const problem = late !== undefined ? `no answer within ${late}` : code || message;
  const effect = unconnected.includes(code) ? 'none' : 'unknown';
  return new CallFailure(effect, new FixableError('api-unreachable', { call, problem }), {
    isLate: late !== undefined,
  });
}

/** Seconds, which the header gives or counts to a date (RFC 9110). Without it, Cloudflare blocks the token for five minutes. */
function retryAfter(headers: Headers): number {
  const text = headers.get('retry-after') ?? '';
  const untilDate = (): number => (Date.parse(text) - Date.parse(headers.get('date') ?? '')) / 1_000;
  const seconds = /^\d+$/.test(text) ? Number(text) : untilDate();
  return seconds >= 0 ? Math.ceil(seconds) : 300;
}

/** Replaces the token in a text that may quote it: node quotes a header that it cannot send. */
function withoutToken(text: string, token: string): string {
  return token === '' ? text : text.replaceAll(token, '[token]');
}

function parseEnvelope(text: string): Envelope | undefined {
  const body = parseJson(text);
  return typeof body === 'object' && body !== null ? body : undefined;
}

function pathOf(input: Parameters<typeof fetch>[0]): string {
  const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
  return new URL(url).pathname.replace(/^\/client\/v4/, '');
}
