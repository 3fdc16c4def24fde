// The relay's process. It runs until its standard input ends, and for the grace after that.
import { createInterface } from 'node:readline';
import { listensAs } from '../shell/listeners.ts';
import {
  blockedLine,
  isPublished,
  listeningLine,
  localLinkLine,
  lostLine,
  noWebSocketsLine,
  parseAccess,
  parseInstruction,
  parseOpenPort,
  portLine,
  visitorsLine,
  reachedAgainLine,
} from './protocol.ts';
import { askForWebSocket, askPublicly, startPublicCheck } from './publicCheck.ts';
import { createRelay } from './relay.ts';
import type { Blocked, Relay, RelayOptions } from './relay.ts';
import { openRelayPort } from './relayPort.ts';
import type { RelayPort } from './relayPort.ts';
import { isShieldPart } from './shield.ts';
import type { Visitors } from './visitors.ts';
import { holdSocketFile } from './socketFile.ts';

/** ALLOW names parts of the shield that are switched off, with commas between. HOSTNAME is the only one that is served. */
const usage = 'usage: relay.cjs SOCKET PUBLIC_URL GRACE_SECONDS [ALLOW [HOSTNAME]]';
/** Exit codes as the command line tool's: wrong usage, and a path at which no relay may listen. */
const exitUsage = 2;
const exitConfiguration = 78;

void main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = parseArguments(args);
  if (options === undefined) return;
  const { path, url, graceSeconds, allow, hostname, uid } = options;
  const relay = createRelay({
    site: new URL(url),
    hostname,
    isOwn: (port, address) => listensAs(uid, port, address),
    allow: new Set(allow.split(',').filter(isShieldPart)),
    ...reports(() => relay.visitors()),
  });
  const file = await holdSocketFile({
    path,
    uid,
    unique: String(process.pid),
    onConnection: (socket) => relay.server.emit('connection', socket),
    onError: (error) => process.stderr.write(`${error.message}\n`),
  }).catch((error: unknown) => fail((error as Error).message, exitConfiguration));
  if (file === undefined) return;

  // A name that is looked up before its record exists is remembered as missing.
  let check: { stop(): void } | undefined;
  let ports = Promise.resolve<RelayPort | undefined>(undefined);
  const end = (): void => {
    check?.stop();
    void ports.then((port) => port?.close());
    void file.release().finally(() => {
      relay.close();
      process.exit(0);
    });
  };
  handleSignals(end);

  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const preferred = parseOpenPort(line);
      if (preferred !== undefined) ports = ports.then((open) => reportPort(path, preferred, open));
      if (isPublished(line)) check ??= checkPublicly(new URL(url));
      instruct(relay, file, line);
    })
    .once('close', () => {
      check?.stop();
      file.yieldPath();
      setTimeout(end, graceSeconds * 1000);
    });
  process.stdout.write(listeningLine(path));
}

function instruct(relay: Relay, file: { setServing(serving: boolean): void }, line: string): void {
  const given = parseAccess(line);
  if (given) relay.setAccess(given.access);
  const instruction = parseInstruction(line);
  if (instruction === undefined) return;
  relay.setTarget(instruction.target);
  file.setServing(instruction.target !== null);
}

/** Fails, and returns undefined, where an argument is missing or wrong. */
function parseArguments([path, url, grace, allow = '', hostname]: string[]) {
  const graceSeconds = Number(grace);
  const uid = process.getuid?.();
  if (path === undefined || url === undefined || !URL.canParse(url) || !(graceSeconds >= 0) || uid === undefined) {
    fail(usage, exitUsage);
    return undefined;
  }
  return { path, url, graceSeconds, allow, hostname, uid };
}

function handleSignals(end: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
  process.on('SIGHUP', () => undefined); // the end of a terminal or of code-server: standard input says when to end
  process.stdout.on('error', () => undefined); // the window is gone
  process.stderr.on('error', () => undefined);
}

/** Opens the relay's port unless it is open, and reports it. */
async function reportPort(
  path: string,
  preferred: number,
  open: RelayPort | undefined,
): Promise<RelayPort | undefined> {
  try {
    const port = open ?? (await openRelayPort(path, preferred));
    process.stdout.write(portLine(port.port));
    return port;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.stdout.write(portLine(0));
    return undefined;
  }
}

/** A scanner sends thousands of different requests: so many are reported. */
const maxReports = 20;

function checkPublicly(site: URL): { stop(): void } {
  return startPublicCheck({
    ask: () => askPublicly(site),
    askForWebSocket: () => askForWebSocket(site),
    onNoWebSockets: () => process.stdout.write(noWebSocketsLine),
    onLost: (reason) => process.stdout.write(lostLine(reason)),
    onReachedAgain: () => process.stdout.write(reachedAgainLine),
    after: (milliseconds, callback) => {
      const timer = setTimeout(callback, milliseconds);
      return { cancel: () => clearTimeout(timer) };
    },
  });
}

/** Milliseconds after a visit, in which others may follow; and after which a visitor no longer counts as present. */
const [gathering, presence] = [1_000, 61_000];
let visitorTimer: NodeJS.Timeout | undefined;
let isGathering = false;

/** Reports the visitors once a second while there are any, and once more when they have left. */
function reportVisitors(read: () => Visitors): void {
  if (isGathering) return;
  isGathering = true;
  clearTimeout(visitorTimer);
  const report = (): void => {
    isGathering = false;
    process.stdout.write(visitorsLine(read()));
    visitorTimer = setTimeout(report, presence);
    if (read().now === 0) clearTimeout(visitorTimer);
  };
  visitorTimer = setTimeout(report, gathering);
}

/** The events that the window gets. */
function reports(visitors: () => Visitors): Pick<RelayOptions, 'onBlocked' | 'onLocalLink' | 'onVisit'> {
  return {
    onBlocked: reportBlocked(),
    onLocalLink: (link) => process.stdout.write(localLinkLine(link)),
    onVisit: () => reportVisitors(visitors),
  };
}

/** Reports each target once. */
function reportBlocked(): (blocked: Blocked) => void {
  const reported = new Set<string>();
  return (blocked) => {
    if (reported.has(blocked.target) || reported.size >= maxReports) return;
    reported.add(blocked.target);
    process.stdout.write(blockedLine(blocked));
  };
}

function fail(message: string, code: number): undefined {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
  process.stdin.destroy();
  return undefined;
}
