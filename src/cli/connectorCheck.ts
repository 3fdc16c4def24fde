// Asks the connector on this machine whether it has a site, before the site is called live.
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { withDeadline } from '../deadline.ts';
import {
  askConnector,
  usualConnectorUrls,
  waitForConnector,
  type ConnectorAnswers,
  type ConnectorGoal,
  type ConnectorState,
  type Protocol,
} from '../provisioning/connector.ts';
import type { Config } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import type { Outcome } from '../provisioning/queue.ts';
import { listeners } from '../shell/listeners.ts';

/** Milliseconds. */
const limits = { answer: 1_500, written: 8_000, known: 2_000 } as const;
/** The configuration of 1,000 rules with its defaults has about half a megabyte. */
const longestAnswer = 8 * 1024 * 1024;

export type Place = Pick<Config, 'connectorUrl' | 'tunnelId'>;

/** The connector's answers; undefined if it cannot be asked. Takes a bounded time. */
export async function connectorAnswers(place: Place): Promise<ConnectorAnswers | undefined> {
  const urls = askableUrls(place);
  if (urls.length === 0) return undefined;
  return withDeadline(limits.answer, [], (signal) => askOwn(urls, place.tunnelId, signal));
}

/** The protocols of the connections of this tunnel's connector; undefined if it cannot be asked. Takes a bounded time. */
export async function connectorProtocols(place: Place): Promise<readonly Protocol[] | undefined> {
  const tunnel = (await connectorAnswers(place))?.tunnel;
  return tunnel?.id === place.tunnelId ? tunnel.protocols : undefined;
}

/**
 * Waits until the connector has the site: some seconds after a write, less where nothing was written.
 * @param onWait called once if it does not have it yet
 * @returns `behind` and `disconnected` only when the time is over; at once where the connector cannot be asked
 */
export async function waitUntilLoaded(
  place: Place,
  goal: Omit<ConnectorGoal, 'tunnelId'>,
  stop: AbortSignal,
  onWait: () => void,
): Promise<ConnectorState> {
  const urls = askableUrls(place);
  if (urls.length === 0) return { kind: 'silent' };
  let waits = false;
  return withDeadline(goal.version === undefined ? limits.known : limits.written, [stop], (signal) =>
    waitForConnector(
      { ...goal, tunnelId: place.tunnelId },
      {
        ask: () => withDeadline(limits.answer, [signal], (each) => askOwn(urls, place.tunnelId, each)),
        sleep: (milliseconds) => {
          if (!waits) onWait();
          waits = true;
          return delay(milliseconds, undefined, { signal });
        },
        signal,
      },
    ),
  );
}

/** The error for a site that the connector does not have; undefined if it has it, or could not be asked. */
export function connectorProblem(
  state: ConnectorState,
  { hostname, version, unchecked }: Extract<Outcome, { kind: 'published' }>,
): FixableError | undefined {
  if (state.kind === 'disconnected') return new FixableError('connector-disconnected', { hostname });
  if (state.kind !== 'behind') return undefined;
  const suspect = unchecked === undefined ? '' : `; ${unchecked}, which cloudflared must be able to read`;
  const wanted = version === undefined ? 'its rule is not in it' : `version ${version} is needed`;
  return new FixableError('connector-behind', {
    hostname,
    problem: `it has version ${state.version}, ${wanted}${suspect}`,
  });
}

/** Whether a connection of the connector uses http2, over which cloudflared carries no WebSocket to a Unix socket. */
export function usesHttp2(state: ConnectorState): boolean {
  return state.kind === 'serving' && state.protocols.includes('http2' satisfies Protocol);
}

/** The answers of this tunnel's connector as soon as it has answered, else those of the first connector of all. */
async function askOwn(urls: readonly string[], tunnelId: string, signal: AbortSignal): Promise<ConnectorAnswers> {
  const asked = urls.map((url) => askConnector(url, getText, signal));
  const own = asked.map(async (each) => {
    const answers = await each;
    if (answers.tunnel?.id !== tunnelId) throw new Error('not the connector of this tunnel');
    return answers;
  });
  return Promise.any(own).catch(async () => {
    const all = await Promise.all(asked);
    return all.find(({ tunnel }) => tunnel !== undefined) ?? all[0] ?? noAnswers;
  });
}

const noAnswers: ConnectorAnswers = {
  version: undefined,
  hostnames: undefined,
  connections: undefined,
  tunnel: undefined,
};

/**
 * The addresses at which the connector may answer. Any account can take a port while cloudflared is down, and could then hold up
 * every site. On this machine, only answers of a system account or of this process's own account count.
 */
function askableUrls({ connectorUrl }: Pick<Place, 'connectorUrl'>): readonly string[] {
  if (connectorUrl === null) return [];
  const all = listeners();
  return (connectorUrl === undefined ? usualConnectorUrls : [connectorUrl]).filter((url) => {
    const { hostname, port } = new URL(url);
    if (!/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)) return true;
    const owners = all.filter((listener) => listener.port === Number(port || 80));
    return owners.length > 0 && owners.every(({ uid }) => isSystemAccount(uid) || uid === process.getuid?.());
  });
}

/** Root, accounts of services, and systemd's dynamic users (https://systemd.io/UIDS-GIDS). */
function isSystemAccount(uid: number): boolean {
  return uid < 1000 || (uid >= 61_184 && uid <= 65_534);
}

/** Rejects if no answer comes, or an endless one. */
function getText(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > longestAnswer) response.destroy(new Error('The answer is too long.'));
      });
      response.once('end', () => resolve(text)).once('error', reject);
    }).once('error', reject);
  });
}
