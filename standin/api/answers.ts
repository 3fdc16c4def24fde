// The API's envelope, and each refusal with the status and code of the real one. Codes come from Cloudflare's schema and from its
// users' reports; a code that neither names is marked as assumed. A client classifies by status first.

export interface ErrorEntry {
  code: number;
  message: string;
  error_chain?: ErrorEntry[];
}

/** An answer of the API; `body` is serialised to JSON. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** A handler throws it: the call has no effect, and gets this answer. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(
    status: number,
    code: number,
    message: string,
    more: { chain?: ErrorEntry[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
    const entry: ErrorEntry = { code, message, ...(more.chain && { error_chain: more.chain }) };
    this.answer = { status, body: failure(entry), headers: more.headers ?? {} };
  }
}

export function success(result: unknown, more: Record<string, unknown> = {}): Answer {
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...more } };
}

export function failure(...errors: ErrorEntry[]): Record<string, unknown> {
  return { success: false, errors, messages: [], result: null };
}

export const refuse = {
  noToken: () => new Refusal(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers'),
  malformedToken: () =>
    new Refusal(400, 6003, 'Invalid request headers', {
      chain: [{ code: 6111, message: 'Invalid format for Authorization header' }],
    }),
  unverifiedToken: () => new Refusal(401, 1000, 'Invalid API Token'),
  unknownToken: () => new Refusal(403, 9109, 'Invalid access token'),
  notAllowed: () => new Refusal(403, 10000, 'Authentication error'),
  zoneNotAllowed: () => new Refusal(403, 9109, 'Unauthorized to access requested resource'),
  tooManyRequests: (limit: { requests: number; windowSeconds: number }, retryAfterSeconds: number) =>
    new Refusal(
      429,
      971,
      `More than ${limit.requests} requests per ${limit.windowSeconds} seconds reached. Please wait and consider throttling your request speed`,
      { headers: { 'retry-after': String(retryAfterSeconds) } },
    ),

  noRoute: (path: string) =>
    new Refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`),
  unknownZone: () => new Refusal(404, 1001, 'Invalid zone identifier'),
  unknownTunnel: () => new Refusal(404, 1003, 'Tunnel not found'),
  tunnelNameTaken: () =>
    new Refusal(409, 1013, 'You already have a tunnel with this name. Please choose a different name.'),
  noConfiguration: () => new Refusal(404, 1055, 'Configuration for tunnel not found'),
  badConfiguration: (reason: string) => new Refusal(400, 1056, `Bad Configuration: Validation failed: ${reason}`),

  malformedBody: () => new Refusal(400, 9207, 'Request body is invalid.'),
  /** The code is assumed. */
  badParameter: (message: string) => new Refusal(400, 1004, message),
  invalidRecord: (code: number, message: string) =>
    new Refusal(400, 1004, 'DNS Validation Error', { chain: [{ code, message }] }),
  longComment: (limit: number) =>
    new Refusal(400, 9313, `DNS record comment exceeds the maximum length of ${limit} characters.`),
  /** The code is assumed. */
  badComment: () => new Refusal(400, 9314, 'DNS record comment contains a character that is not allowed.'),
  unknownRecord: () => new Refusal(404, 81044, 'Record does not exist.'),
  recordQuota: () => new Refusal(400, 81045, 'Record quota exceeded.'),
  hostTaken: () => new Refusal(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.'),
  cnameTaken: () => new Refusal(400, 81054, 'A CNAME record with that host already exists.'),
  identicalRecord: () => new Refusal(400, 81058, 'An identical record already exists.'),
  /** The code is assumed. */
  batchTooLarge: (limit: number) => new Refusal(400, 81059, `A batch may hold at most ${limit} operations.`),
};
