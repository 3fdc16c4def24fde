// The relay's process: `relay.cjs SOCKET PUBLIC_URL GRACE_SECONDS`. It lives as long as its standard input, and the grace after it.
import { createInterface } from 'node:readline';
import { parseInstruction } from './protocol.ts';
import { listensAs } from '../shell/listeners.ts';
import { createRelay } from './relay.ts';
import { holdSocketFile } from './socketFile.ts';

const USAGE = 'usage: relay.cjs SOCKET PUBLIC_URL GRACE_SECONDS';
/** Exit codes as the command's: bad usage, and a place where no relay may be. */
const EXIT_USAGE = 2;
const EXIT_CONFIGURATION = 78;

void main(process.argv.slice(2));

async function main([path, url, grace]: string[]): Promise<void> {
  const uid = process.getuid?.();
  const graceSeconds = Number(grace);
  if (path === undefined || url === undefined || !URL.canParse(url) || !(graceSeconds >= 0) || uid === undefined) {
    fail(USAGE, EXIT_USAGE);
    return;
  }

  const relay = createRelay({ site: new URL(url), isOwn: (port, address) => listensAs(uid, port, address) });
  const file = await holdSocketFile({
    path,
    uid,
    unique: String(process.pid),
    onConnection: (socket) => relay.server.emit('connection', socket),
    onError: (error) => process.stderr.write(`${error.message}\n`),
  }).catch((error: unknown) => fail((error as Error).message, EXIT_CONFIGURATION));
  if (file === undefined) return;

  const end = (): void => {
    void file.release().finally(() => {
      relay.close();
      process.exit(0);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
  process.on('SIGHUP', () => undefined); // the terminal's or the service's end is not ours: standard input tells when to go
  process.stdout.on('error', () => undefined); // nobody reads any more
  process.stderr.on('error', () => undefined);

  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const instruction = parseInstruction(line);
      if (instruction !== undefined) relay.setTarget(instruction.target);
    })
    .once('close', () => {
      file.yieldIt();
      setTimeout(end, graceSeconds * 1000);
    });
  process.stdout.write(`${JSON.stringify({ listening: path })}\n`);
}

function fail(message: string, code: number): undefined {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
  process.stdin.destroy();
  return undefined;
}
