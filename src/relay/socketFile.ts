// The Unix socket at which cloudflared finds the relay: taken over atomically, and given back when a later holder ends.
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { lstat, rename, stat, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { basename, dirname } from 'node:path';

/** Thrown for a path at which no relay may listen; the message is for a person. */
export class SocketPathError extends Error {}

export interface SocketFile {
  /** Stops watching, and removes the file if it is still this process's own. What was accepted stays open. */
  release(): Promise<void>;
  /** From now on the path may go to anybody: a relay that is about to end does not take it back. */
  yieldIt(): void;
}

export interface SocketFileOptions {
  /** At most 96 bytes, in a directory that belongs to `uid` and in which nobody else may write. */
  path: string;
  uid: number;
  /** Makes the temporary names of two processes differ; the process's own id will do. */
  unique: string;
  onConnection: (socket: Socket) => void;
  /** Told when taking the path back has failed, or will fail. The relay goes on; the window sees by its own check that the site is not reached. */
  onError: (error: Error) => void;
}

/**
 * Listens at a path, whoever listened there before. Two windows of one student have a relay each for the same site, and
 * the later one has the path. So that the site outlives it, the earlier one keeps an idle connection to it: however the
 * later one ends, that connection ends too, and the earlier one takes the path back. Nothing polls.
 * @throws SocketPathError when the path is not allowed
 */
export async function holdSocketFile(options: SocketFileOptions): Promise<SocketFile> {
  const holder = new Holder(options);
  await checkPath(options.path, options.uid);
  await holder.take();
  holder.watch();
  return holder;
}

class Holder implements SocketFile {
  private listening: { server: Server; identity: string } | undefined;
  private watcher: FSWatcher | undefined;
  private successor: Socket | undefined;
  private yielded = false;
  private work = Promise.resolve();

  constructor(private readonly options: SocketFileOptions) {}

  /** Listens under a name of its own and renames that over the path: there is no moment without a listener. */
  async take(): Promise<void> {
    const { path, unique, onConnection } = this.options;
    const own = `${path}.${unique}`;
    await unlink(own).catch(() => undefined); // left by a process of the same id that was killed
    const server = createServer(onConnection);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Everybody may connect: cloudflared may run as another user, and the site is public anyway.
      server.listen({ path: own, readableAll: true, writableAll: true, backlog: 4096 }, resolve);
    });
    const identity = (await identityOf(own)) ?? '';
    await rename(own, path);
    this.listening?.server.close();
    this.listening = { server, identity };
  }

  watch(): void {
    const { path } = this.options;
    try {
      this.watcher = watch(dirname(path), { persistent: false }, (_kind, name) => {
        if (name === basename(path)) this.look();
      });
      this.watcher.on('error', () => undefined); // the directory is gone, and the relay with it
    } catch (error) {
      // The user's limit of watches is reached: a replaced relay stays replaced, which only two windows notice.
      this.options.onError(error as Error);
    }
    this.look();
  }

  yieldIt(): void {
    this.yielded = true;
    this.successor?.destroy(); // its close comes to a look, which does nothing any more
  }

  async release(): Promise<void> {
    this.yieldIt();
    this.watcher?.close();
    await this.work;
    if (await this.isOurs()) await unlink(this.options.path).catch(() => undefined);
    this.listening?.server.close();
  }

  private async isOurs(): Promise<boolean> {
    return (await identityOf(this.options.path)) === this.listening?.identity;
  }

  /** One look at a time; a look that finds the path lost keeps a connection to its new holder, or takes it back. */
  private look(): void {
    this.work = this.work
      .then(async () => {
        this.successor?.removeAllListeners('close').destroy();
        this.successor = undefined;
        if (this.yielded || (await this.isOurs())) return;
        this.successor = await connected(this.options.path);
        if (this.successor === undefined) return this.take();
        this.successor.once('close', () => this.look());
      })
      .catch((error: unknown) => this.options.onError(error as Error));
  }
}

/** What tells one socket from another at the same path; undefined where there is none. */
async function identityOf(path: string): Promise<string | undefined> {
  return stat(path).then(
    (found) => `${found.dev}:${found.ino}`,
    () => undefined,
  );
}

/** An open connection to whoever listens at the path, or undefined where nobody does. */
async function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
    socket.resume();
  });
}

/** The kernel's limit is 107 bytes, of which the temporary name needs some. */
const MAX_PATH_BYTES = 96;

async function checkPath(path: string, uid: number): Promise<void> {
  if (!path.startsWith('/')) throw new SocketPathError(`The socket's path must be absolute: ${path}`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new SocketPathError(`The socket's path is longer than ${MAX_PATH_BYTES} bytes: ${path}`);
  const directory = await stat(dirname(path)).catch(() => undefined);
  if (directory?.isDirectory() !== true) throw new SocketPathError(`There is no directory ${dirname(path)}`);
  if (directory.uid !== uid) throw new SocketPathError(`${dirname(path)} belongs to another user`);
  if ((directory.mode & 0o022) !== 0) throw new SocketPathError(`Others may write in ${dirname(path)}; use chmod go-w`);
  const present = await lstat(path).catch(() => undefined);
  if (present?.isSocket() === false) throw new SocketPathError(`${path} is there already and is no socket`);
}
