// Opens Cloudflare's SDK with our fetch and unwraps its errors.
import { CallFailure, checkedFetch, type CallOptions } from './checkedFetch.ts';
import { APIConnectionError } from './sdk.ts';
import { FixableError } from './errors.ts';

export interface ClientOptions extends CallOptions {
  readonly apiBaseUrl: string;
}

/** The options that every SDK client is opened with. */
export function clientOptions(options: ClientOptions) {
  return {
    apiToken: options.token,
    baseURL: options.apiBaseUrl,
    fetch: carrying(checkedFetch(options)),
    // The SDK's own retries wait for any Retry-After, ignore the signal, and would prolong the time under the lock.
    maxRetries: 0,
    // Credentials in the environment are not ours to use.
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    // Without it the SDK sends today's date, so its behaviour would change from day to day.
    apiVersion: '2026-11-01',
    logLevel: 'off',
  } as const;
}

/** Carries a failure through the SDK, which would otherwise replace errors whose text or cause mentions a timeout. */
class Carrier extends Error {
  readonly failure: unknown;

  constructor(failure: unknown) {
    super();
    this.failure = failure;
  }
}

function carrying(inner: typeof fetch): typeof fetch {
  return (input, init) =>
    inner(input, init).catch((failure: unknown) => {
      throw new Carrier(failure);
    });
}

/** Awaits one call of the SDK and unwraps the failure that our fetch threw inside it. A 404 becomes the error `unknown`. */
export async function call<T>(promise: Promise<T>, unknown: FixableError): Promise<NonNullable<T>> {
  try {
    const result = await promise;
    if (result == null)
      throw new CallFailure(
        'unknown',
        new FixableError('api-failed', { call: 'the API', status: 200, problem: 'an answer without a result' }),
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

interface Page<T> {
  readonly result: readonly T[];
  readonly result_info?: unknown;
  getNextPage(): Promise<Page<T>>;
}

/** The items of all pages. Follows the total, because the last page is not always known by its size. */
export async function everyItem<T>(first: Page<T>, unknown: FixableError): Promise<T[]> {
  const items = [...first.result];
  const { total_count: total = 0 } = (first.result_info ?? {}) as { total_count?: number };
  for (let page = first; items.length < total && page.result.length > 0;) {
    page = await call(page.getNextPage(), unknown);
    items.push(...page.result);
  }
  return items;
}
