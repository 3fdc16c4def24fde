// From a call to the handler that answers it: authentication, then the table of routes.
import type { Scope, Token, World } from '../world.ts';
import { refuse, Refusal } from './answers.ts';
import type { Answer } from './answers.ts';

/** One request to the API, complete with its body. */
export interface Call {
  method: string;
  /** Without /client/v4 and without the query. */
  path: string;
  query: URLSearchParams;
  /** The parsed JSON; undefined for an empty body, `malformed` for one that is no JSON. */
  body: unknown;
  authorization: string | undefined;
}

export const malformed = Symbol('a body that is no JSON');

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments that begin with a colon are parameters. */
  path: string;
  /** The token needs one of these. None: a valid token is enough. */
  scopes: readonly Scope[];
  handle: (context: Context) => Answer;
}

export interface Context {
  world: World;
  call: Call;
  token: Token;
  /** A path parameter. */
  parameter: (name: string) => string;
}

/** Answers a call at once: state changes as a whole, or not at all. */
export type Handler = (call: Call) => Answer;

export interface HandlerOptions {
  world: World;
  routes: readonly Route[];
  /** Throws a Refusal when this token has called too often. */
  countRequest: (token: Token) => void;
}

export function createHandler(options: HandlerOptions): Handler {
  const routes = options.routes.map((route) => ({ route, segments: route.path.split('/') }));
  return (call) => {
    try {
      const token = authenticate(options.world, call);
      options.countRequest(token);
      const segments = call.path.split('/');
      const found = routes.find(
        ({ route, segments: pattern }) => route.method === call.method && matches(pattern, segments),
      );
      if (!found) throw refuse.noRoute(call.path);
      const names = new Map(found.segments.map((name, index) => [name, segments[index] ?? '']));
      return answer(found.route, {
        world: options.world,
        call,
        token,
        parameter: (name) => names.get(`:${name}`) ?? '',
      });
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  };
}

function answer(route: Route, context: Context): Answer {
  const { token, call } = context;
  const verifying = route.path.endsWith('/tokens/verify');
  if (token.status !== 'active' && !verifying) throw refuse.unknownToken();
  if (route.scopes.length > 0 && !route.scopes.some((scope) => token.scopes.includes(scope))) {
    throw route.path.includes('/dns_records') || route.path.startsWith('/accounts')
      ? refuse.notAllowed()
      : refuse.zoneNotAllowed();
  }
  if (call.body === malformed) throw refuse.malformedBody();
  return route.handle(context);
}

function authenticate(world: World, call: Call): Token {
  if (call.authorization === undefined) throw refuse.noToken();
  const value = /^Bearer ([A-Za-z0-9_-]{10,})$/.exec(call.authorization)?.[1];
  if (value === undefined) throw refuse.malformedToken();
  const token = world.tokens.get(value);
  if (token) return token;
  throw call.path.endsWith('/tokens/verify') ? refuse.unverifiedToken() : refuse.unknownToken();
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => part.startsWith(':') || part === segments[index])
  );
}
