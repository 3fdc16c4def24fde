// The API over HTTP. A call travels half the round trip, takes effect at once and as a whole, and its answer travels the other
// half. A change by another writer can therefore fall between our read and our write, as it can in reality.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Faults } from '../faults.ts';
import { failure } from './answers.ts';
import type { Answer } from './answers.ts';
import { malformed } from './routes.ts';
import type { Call, Handler } from './routes.ts';

const prefix = '/client/v4';

/** One line of the request log. */
export interface LoggedRequest {
  method: string;
  /** With its query, without /client/v4. */
  path: string;
  /** The time of arrival, in milliseconds since 1970. */
  at: number;
  /** Undefined while there is no answer: the call is under way, hangs, or was dropped. */
  status?: number;
  fault?: Fault['kind'];
}

/** Functions that a test runs around a call; both are awaited. */
export interface RequestHook {
  /** Before the call takes effect. Return 'drop' to close its connection without any effect. */
  before?: (call: Call) => unknown;
  /** After it took effect, before it is answered. */
  after?: (call: Call, answer: Answer) => unknown;
}

export interface ApiServerOptions {
  handle: Handler;
  faults: Faults;
  hooks: ReadonlySet<RequestHook>;
  log: LoggedRequest[];
  /** Read for every call. */
  roundTripMs: () => number;
  now: () => number;
  /** Answers requests outside /client/v4. */
  control: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export function createApiServer(options: ApiServerOptions): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const work = request.url?.startsWith(prefix)
      ? serve(options, request, response)
      : options.control(request, response);
    work.catch((error: unknown) => {
      if (request.errored || response.destroyed) return; // the client is gone: a killed process, for one
      send(response, { status: 500, body: failure({ code: 1000, message: String(error) }) });
    });
  });
}

async function serve(options: ApiServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const path = request.url?.slice(prefix.length) ?? '';
  const fault = options.faults.strike(method, path);
  const logged: LoggedRequest = { method, path, at: options.now(), ...(fault && { fault: fault.kind }) };
  options.log.push(logged);
  if (fault?.kind === 'refuse') {
    request.socket.resetAndDestroy();
    return;
  }
  const call = await readCall(request, method, path);
  await travel(options);
  for (const hook of options.hooks) {
    if ((await hook.before?.(call)) !== 'drop') continue;
    request.socket.destroy();
    return;
  }
  const answer = fault && !fault.effect ? undefined : options.handle(call);
  const outcome = fault ? faultyAnswer(fault, answer) : answer;
  for (const hook of options.hooks) await hook.after?.(call, outcome ?? { status: 0, body: undefined });
  await travel(options);
  if (outcome === undefined) {
    if (fault?.kind === 'drop') request.socket.destroy();
    return;
  }
  logged.status = outcome.status;
  send(response, outcome, fault?.kind);
}

/** The answer that the client gets; undefined if it gets none. */
function faultyAnswer(fault: Fault, answer: Answer | undefined): Answer | undefined {
  const { status = 502, code = 1000, message = 'Injected by the stand-in' } = fault;
  switch (fault.kind) {
    case 'refuse':
    case 'drop':
    case 'hang-headers':
      return undefined;
    case 'hang-body':
    case 'cut-body':
    case 'half-json':
      return answer ?? { status: 200, body: { success: true, errors: [], messages: [], result: null } };
    case 'status': {
      const headers = fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
      return { status, headers, body: failure({ code, message }) };
    }
    case 'not-success':
      return { status: 200, body: failure({ code, message }) };
    case 'html':
      return {
        status,
        headers: { 'content-type': 'text/html; charset=UTF-8' },
        body: `<!DOCTYPE html><title>${status}</title><h1>${message}</h1>`,
      };
  }
}

function send(response: ServerResponse, answer: Answer, fault?: Fault['kind']): void {
  const whole = Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  const half = whole.subarray(0, whole.length / 2);
  const body = fault === 'half-json' ? half : whole;
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...answer.headers,
  });
  if (fault === 'hang-body') response.write(half);
  else if (fault === 'cut-body') response.write(half, () => response.destroy());
  else response.end(body);
}

async function readCall(request: IncomingMessage, method: string, pathAndQuery: string): Promise<Call> {
  const { pathname, searchParams } = new URL(pathAndQuery, 'http://stand-in');
  return {
    method,
    path: pathname,
    query: searchParams,
    body: parse(await text(request)),
    authorization: request.headers.authorization,
  };
}

function parse(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return malformed;
  }
}

async function travel({ roundTripMs }: ApiServerOptions): Promise<void> {
  const half = roundTripMs() / 2;
  if (half > 0) await delay(half);
}
