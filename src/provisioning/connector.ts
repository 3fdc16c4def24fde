// Asks the connector (cloudflared) on this machine whether it serves what was saved at Cloudflare. Its local metrics server answers
// any account without a token, and any account can take the port while cloudflared is down: an answer is a hint, never a permission.

/** The answers of the three pages of the metrics server; undefined for one that gave no valid answer. */
export interface ConnectorAnswers {
  /** The version of the configuration in use, from /config; -1 before the first one. */
  readonly version: number | undefined;
  /** The hostnames of its rules, from /config. */
  readonly hostnames: ReadonlySet<string> | undefined;
  /** How many connections to the edge there are, from /ready. */
  readonly connections: number | undefined;
  /** From /diag/tunnel, with the protocol of each connection. */
  readonly tunnel: { readonly id: string; readonly protocols: readonly Protocol[] } | undefined;
}

export type Protocol = 'quic' | 'http2';

/** The state that a publication needs from the connector. */
export interface ConnectorGoal {
  readonly tunnelId: string;
  readonly hostname: string;
  /** The version that the write of the configuration was answered with; undefined if nothing was written. */
  readonly version: number | undefined;
}

export type ConnectorState =
  | { readonly kind: 'serving'; readonly protocols: readonly Protocol[] }
  /** It is connected with an older configuration: the new one is on its way, or was refused. */
  | { readonly kind: 'behind'; readonly version: number }
  | { readonly kind: 'disconnected' }
  /** The server on this port belongs to another tunnel's connector. */
  | { readonly kind: 'other-tunnel'; readonly tunnelId: string }
  /** No metrics server answers here: the connector is down, or runs on another machine. */
  | { readonly kind: 'silent' };

/** Returns the body of any answer as text, whatever its status: /ready says 503 together with its answer. */
export type GetText = (url: string, signal: AbortSignal) => Promise<string>;

/** The outside world of `waitForConnector`. */
export interface ConnectorWait {
  readonly ask: (signal: AbortSignal) => Promise<ConnectorAnswers>;
  /** Resolves after this many milliseconds, or rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** The addresses of cloudflared's metrics by default: it takes the first that is free. */
export const usualConnectorUrls = [
  'http://127.0.0.1:20241',
  'http://127.0.0.1:20242',
  'http://127.0.0.1:20243',
  'http://127.0.0.1:20244',
  'http://127.0.0.1:20245',
] as const;

const firstPauseMs = 50;
const longestPauseMs = 400;

/** The state that a set of answers shows: pure. Without a tunnel's id, the answers may be anything's. */
export function judgeConnector(
  { version = -1, hostnames, connections, tunnel }: ConnectorAnswers,
  goal: ConnectorGoal,
): ConnectorState {
  if (!tunnel || connections === undefined || hostnames === undefined) return { kind: 'silent' };
  if (tunnel.id !== goal.tunnelId) return { kind: 'other-tunnel', tunnelId: tunnel.id };
  if (connections === 0) return { kind: 'disconnected' };
  const isLoaded = goal.version === undefined ? hostnames.has(goal.hostname) : version >= goal.version;
  return isLoaded ? { kind: 'serving', protocols: tunnel.protocols } : { kind: 'behind', version };
}

/**
 * Asks the three pages side by side. Never rejects: a page that fails is undefined in the answers.
 * @param url of the metrics server, as http://127.0.0.1:20241
 */
export async function askConnector(url: string, getText: GetText, signal: AbortSignal): Promise<ConnectorAnswers> {
  const read = (path: string) => readJson(() => getText(url.replace(/\/+$/, '') + path, signal));
  const [config, ready, tunnel] = await Promise.all([read('/config'), read('/ready'), read('/diag/tunnel')]);
  return {
    version: wholeNumber(config?.['version']),
    hostnames: hostnamesOf(config?.['config']),
    connections: wholeNumber(ready?.['readyConnections']),
    tunnel: tunnelOf(tunnel),
  };
}

/**
 * Asks until the connector serves the goal, or asking again cannot help: the port is silent or another tunnel's.
 * @returns the last state when the signal aborts; `behind` then means that cloudflared refused the configuration, or is slow
 */
export async function waitForConnector(
  goal: ConnectorGoal,
  { ask, sleep, signal }: ConnectorWait,
): Promise<ConnectorState> {
  let known: ConnectorState | undefined;
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const state = judgeConnector(await ask(signal), goal);
    // The signal cut this answer short; the one before it counts.
    if (signal.aborted && state.kind === 'silent' && known) return known;
    known = state;
    if (state.kind !== 'behind' && state.kind !== 'disconnected') return state;
    try {
      await sleep(pause, signal);
    } catch (error) {
      if (signal.aborted) return state;
      throw error;
    }
  }
}

async function readJson(request: () => Promise<string>): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await request());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // not there, not HTTP, not JSON, or too late
  }
}

function hostnamesOf(config: unknown): ReadonlySet<string> | undefined {
  const rules = isObject(config) ? config['ingress'] : undefined;
  if (!Array.isArray(rules)) return undefined;
  return new Set(
    rules.flatMap((rule) => (isObject(rule) && typeof rule['hostname'] === 'string' ? rule['hostname'] : [])),
  );
}

/** cloudflared leaves the protocol out for http2, and the list where there is no connection. */
function tunnelOf(page: Record<string, unknown> | undefined): ConnectorAnswers['tunnel'] {
  const { tunnelID: id, connections = [] } = page ?? {};
  if (typeof id !== 'string' || !Array.isArray(connections)) return undefined;
  const protocols = connections.map((each): Protocol => (isObject(each) && each['protocol'] === 1 ? 'quic' : 'http2'));
  return { id, protocols };
}

function wholeNumber(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
