import { CallFailure, checkedFetch, type CallOptions } from './checkedFetch.ts';
import { APIConnectionError } from './sdk.ts';
import { MendableError } from './errors.ts';

export interface ClientOptions extends CallOptions {
  readonly apiBaseUrl: string;
  readonly token: string;
}

/** What every client of Cloudflare's package is opened with. */
export function clientOptions(options: ClientOptions) {
  return {
    apiToken: options.token,
    baseURL: options.apiBaseUrl,
    fetch: carrying(checkedFetch(options)),
    // The client's own retries sleep out any Retry-After, deaf to a signal, and we would hold the lock meanwhile.
    maxRetries: 0,
    // What the environment says about Cloudflare is not for us.
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    // Unset, the client sends today's date, and its behaviour would change by itself.
    apiVersion: '2026-11-01',
    logLevel: 'off',
  } as const;
}

/** Takes a failure through the client, which reads an error's text and cause, and throws those away that speak of time. */
class Carrier extends Error {
  constructor(readonly failure: unknown) {
    super();
  }
}

function carrying(inner: typeof fetch): typeof fetch {
  return (input, init) =>
    inner(input, init).catch((failure: unknown) => {
      throw new Carrier(failure);
    });
}

/** Runs one call of the client and unwraps what our fetch threw inside it; a 404 means that `unknown` is not there. */
export async function call<T>(promise: Promise<T>, unknown: MendableError): Promise<NonNullable<T>> {
  try {
    const result = await promise;
    if (result == null)
      throw new CallFailure(
        'unknown',
        new MendableError('api-failed', { call: 'the API', status: 200, problem: 'an answer without a result' }),
      );
    return result;
  } catch (error) {
    const cause = error instanceof APIConnectionError && error.cause instanceof Carrier ? error.cause.failure : error;
    if (
      cause instanceof CallFailure &&
      cause.status === 404 &&
      !cause.codes.includes(1055) &&
      !cause.codes.includes(81044)
    ) {
      throw new CallFailure('none', unknown, { status: 404, codes: cause.codes });
    }
    throw cause;
  }
}
