// One site's whole life at Cloudflare, in a tunnel of its own that is removed at the end. Reports what the documentation leaves open.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { lookup } from 'node:dns';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { connectorAnswers } from '../../src/cli/connectorCheck.ts';
import { connectAdminApi } from '../../src/provisioning/adminApi.ts';
import { runCommand } from '../../src/window/cli/run.ts';
import { startRelay } from '../../src/relay/relayProcess.ts';
import { waitFor } from '../code-server/waiting.ts';

export interface TryOut {
  readonly apiBaseUrl: string;
  readonly token: string;
  readonly accountId: string;
  readonly zoneId: string;
  readonly zoneName: string;
  /** The configuration's `publicUrl`. */
  readonly publicUrl: string;
  /** The files of the command and of the relay. */
  readonly command: string;
  readonly relay: string;
  /** Starts a connector for this tunnel. */
  readonly startConnector: (tunnelId: string, token: string) => Promise<{ url: string; stop(): Promise<void> }>;
  readonly print: (line: string) => void;
}

const patience = 60_000;

/** @throws Error at the first step that fails; the tunnel and the records are removed in any case */
export async function tryOut(about: TryOut): Promise<void> {
  const { apiBaseUrl, token, accountId, zoneId, print } = about;
  const name = `ct-${randomBytes(4).toString('hex')}`;
  const beforeCall = () => Promise.resolve();
  const { signal } = new AbortController();
  const api = connectAdminApi({ apiBaseUrl, token, fetch, callDeadline: 20_000, signal, beforeCall });
  print(`token: ${(await api.verifyToken(accountId)).owner}'s`);
  print(`rights: tunnel ${await api.mayEditTunnels(accountId)}, records ${await api.mayEditRecords(zoneId)}`);
  const tunnel = await api.createTunnel(accountId, name);
  const folder = await mkdtemp(join(tmpdir(), 'classroom-tunnel-'));
  try {
    const connector = await about.startConnector(tunnel.id, await api.connectorToken(accountId, tunnel.id));
    try {
      await liveOnce(about, { name, folder, tunnelId: tunnel.id, connectorUrl: connector.url });
    } finally {
      await connector.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
    const url = `${apiBaseUrl}/accounts/${accountId}/cfd_tunnel/${tunnel.id}`;
    const { status } = await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    print(`remove the tunnel: ${status}`);
  }
}

interface Place {
  readonly name: string;
  readonly folder: string;
  readonly tunnelId: string;
  readonly connectorUrl: string;
}

/** Publishes, visits by page and by WebSocket, and takes down. */
async function liveOnce(about: TryOut, { name, folder, tunnelId, connectorUrl }: Place): Promise<void> {
  const { accountId, zoneId, zoneName, apiBaseUrl, publicUrl, token, print } = about;
  const file = join(folder, 'config.json');
  await writeFile(join(folder, 'token'), token, { mode: 0o600 });
  const keys = {
    accountId,
    zoneId,
    tunnelId,
    apiBaseUrl,
    connectorUrl,
    publicUrl,
    stateDir: 'state',
    tokenFile: 'token',
  };
  await writeFile(file, JSON.stringify({ ...keys, hostname: `{user}.${zoneName}`, allowUserOverride: true }));
  const env = { ...process.env, CLASSROOM_TUNNEL_CONFIG: file, CLASSROOM_TUNNEL_USER: name };
  const run = async (...args: string[]) => {
    const started = performance.now();
    const outcome = await runCommand({ words: [process.execPath, about.command], env }, args);
    print(`${args[0] ?? ''}: ${outcome.event} after ${Math.round(performance.now() - started)} ms`);
    if (outcome.event === 'error') throw new Error(`${outcome.title}. ${outcome.message}`);
    return outcome;
  };
  const server = await startServer();
  try {
    const first = await run('publish', '-p', String(server.port));
    if (first.event !== 'published') throw new Error('It was not published.');
    const answers = await connectorAnswers({ tunnelId: '', connectorUrl });
    print(
      `connector: version ${answers?.version ?? '?'} after the first PUT, ${answers?.tunnel?.protocols.join(' ') ?? '?'}`,
    );
    print(`visit: ${await visitUntil(first.url, ({ body }) => body === 'page')}`);
    print(`WebSocket straight to the port: ${await echo(first.url)}`);
    await throughRelay(about, run, first.url, server.port);
    await run('unpublish', '-p', String(server.port));
    print(`removed: ${await visitUntil(first.url, ({ status }) => status === '404' || status === '530')}`);
  } finally {
    await run('gc').catch(() => undefined);
    server.close();
  }
}

/** The same through a relay, at its socket and, if the connector needs it, at its port. */
async function throughRelay(
  { relay: program, print }: TryOut,
  run: (...args: string[]) => ReturnType<typeof runCommand>,
  url: string,
  port: number,
): Promise<void> {
  const info = await run('info', '-p', String(port));
  if (info.event !== 'info' || info.socketFolder === null) throw new Error('There is no folder for a relay.');
  await mkdir(info.socketFolder, { recursive: true, mode: 0o755 });
  const socket = join(info.socketFolder, `${port}.sock`);
  const command = [process.execPath, program];
  const relay = await startRelay({ command, socket, publicUrl: url, graceSeconds: 0, env: {} });
  try {
    relay.setTarget({ port, address: '127.0.0.1' });
    const outcome = await run('publish', '-p', String(port), '--relay', '--holder', 'relay');
    print(`WebSocket to the relay's socket: ${await echo(url)}`);
    if (outcome.event !== 'published' || !outcome.needsRelayPort) return;
    await run(
      'publish',
      '-p',
      String(port),
      '--relay',
      '--holder',
      'relay',
      '--relay-port',
      String(await relay.openPort(0)),
    );
    print(`WebSocket to the relay's port: ${await echo(url)}`);
  } finally {
    relay.end();
    await relay.exited;
  }
}

/** Visits until the answer is right. @returns the statuses on the way, and the time */
async function visitUntil(url: string, isRight: (answer: Answer) => boolean): Promise<string> {
  const started = performance.now();
  const seen: string[] = [];
  const look = async (): Promise<boolean> => {
    const answer = await visit(url);
    if (seen.at(-1) !== answer.status) seen.push(answer.status);
    return isRight(answer);
  };
  await waitFor(look, `the right answer of ${url}`, patience).catch((cause: unknown) => {
    throw new Error(`The right answer did not come: ${seen.join(', ')}`, { cause });
  });
  return `${seen.join(', ')} after ${Math.round(performance.now() - started)} ms`;
}

interface Answer {
  readonly status: string;
  readonly body: string;
}

async function visit(url: string): Promise<Answer> {
  const { hostname, protocol } = new URL(url);
  const { get } = await (protocol === 'https:' ? import('node:https') : import('node:http'));
  return new Promise((resolve) => {
    get(url, { agent: false, lookup: lookupFor(hostname), signal: AbortSignal.timeout(15_000) }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('close', () => resolve({ status: String(response.statusCode), body }));
    }).once('error', (error: NodeJS.ErrnoException) => resolve({ status: error.code ?? error.message, body: '' }));
  });
}

/** @returns `carried`, or why not */
async function echo(url: string): Promise<string> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { lookup: lookupFor(new URL(url).hostname) });
  try {
    await once(socket, 'open');
    socket.send('hello');
    return String((await once(socket, 'message'))[0]) === 'hello' ? 'carried' : 'changed';
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.terminate();
  }
}

/** Names below `localhost` lead to this machine (RFC 6761), but not for every resolver. */
function lookupFor(hostname: string): typeof lookup {
  const name = hostname.endsWith('.localhost') ? 'localhost' : hostname;
  return ((_hostname: string, options: object, callback: never) => {
    lookup(name, options, callback);
  }) as never;
}

async function startServer(): Promise<{ port: number; close(): void }> {
  const server = createServer((_request, response) => response.end('page'));
  new WebSocketServer({ server }).on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close().closeAllConnections();
    },
  };
}
