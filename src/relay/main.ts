// The relay's process. It runs until its standard input ends, and for the grace after that.
import { createInterface } from 'node:readline';
import { listensAs } from '../shell/listeners.ts';
import { blockedLine, listeningLine, lostLine, parseInstruction } from './protocol.ts';
import { askPublicly, startPublicCheck } from './publicCheck.ts';
import { createRelay } from './relay.ts';
import type { Blocked } from './relay.ts';
import { isShieldPart } from './shield.ts';
import { holdSocketFile } from './socketFile.ts';

/** ALLOW names parts of the shield that are switched off, with commas between. */
const usage = 'usage: relay.cjs SOCKET PUBLIC_URL GRACE_SECONDS [ALLOW]';
/** Exit codes as the command line tool's: wrong usage, and a path at which no relay may listen. */
const exitUsage = 2;
const exitConfiguration = 78;

void main(process.argv.slice(2));

async function main([path, url, grace, allow = '']: string[]): Promise<void> {
  const uid = process.getuid?.();
  const graceSeconds = Number(grace);
  if (path === undefined || url === undefined || !URL.canParse(url) || !(graceSeconds >= 0) || uid === undefined) {
    fail(usage, exitUsage);
    return;
  }

  const relay = createRelay({
    site: new URL(url),
    isOwn: (port, address) => listensAs(uid, port, address),
    allow: new Set(allow.split(',').filter(isShieldPart)),
    onBlocked: reportBlocked(),
  });
  const file = await holdSocketFile({
    path,
    uid,
    unique: String(process.pid),
    onConnection: (socket) => relay.server.emit('connection', socket),
    onError: (error) => process.stderr.write(`${error.message}\n`),
  }).catch((error: unknown) => fail((error as Error).message, exitConfiguration));
  if (file === undefined) return;

  const check = checkPublicly(new URL(url));
  const end = (): void => {
    check.stop();
    void file.release().finally(() => {
      relay.close();
      process.exit(0);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
  process.on('SIGHUP', () => undefined); // the end of a terminal or of code-server: standard input says when to end
  process.stdout.on('error', () => undefined); // the window is gone
  process.stderr.on('error', () => undefined);

  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const instruction = parseInstruction(line);
      if (instruction === undefined) return;
      relay.setTarget(instruction.target);
      file.setServing(instruction.target !== null);
    })
    .once('close', () => {
      check.stop();
      file.yieldPath();
      setTimeout(end, graceSeconds * 1000);
    });
  process.stdout.write(listeningLine(path));
}

/** A scanner sends thousands of different requests: so many are reported. */
const maxReports = 20;

function checkPublicly(site: URL): { stop(): void } {
  return startPublicCheck({
    ask: () => askPublicly(site),
    onLost: (reason) => process.stdout.write(lostLine(reason)),
    after: (milliseconds, callback) => {
      const timer = setTimeout(callback, milliseconds);
      return { cancel: () => clearTimeout(timer) };
    },
  });
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
