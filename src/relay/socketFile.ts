// The Unix socket at which cloudflared finds the relay. Two windows of one student have a relay each for the same site: of
// those, one that has a server holds the path, and another takes it when the holder ends or loses its server.
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { chmod, lstat, rename, stat, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { basename, dirname } from 'node:path';

/** Thrown for a path at which no relay may listen; the message is for a person. */
export class SocketPathError extends Error {}

export interface SocketFile {
  /** Says whether a server is behind this relay. One that has a server takes the path; one that lost it yields to one that has. */
  setServing(serving: boolean): void;
  /** Stops watching, and removes the file if it is this process's. Accepted connections stay open. */
  release(): Promise<void>;
  /** Stops taking the path back, for a relay that is about to end. It listens until `release()`. */
  yieldPath(): void;
}

export interface SocketFileOptions {
  /** At most 96 bytes, in a folder that belongs to `uid` and in which no other user may write. */
  readonly path: string;
  readonly uid: number;
  /** Distinguishes the temporary names of two processes, as the process id does. */
  readonly unique: string;
  readonly onConnection: (socket: Socket) => void;
  /** Gets the errors of taking the path later. The relay keeps running; the window's probe finds out if visitors do not reach it. */
  readonly onError: (error: Error) => void;
}

/**
 * Resolves when the path is served: by this process, or by a relay that has a server already.
 * @throws SocketPathError when the path is not allowed
 */
export async function holdSocketFile(options: SocketFileOptions): Promise<SocketFile> {
  await checkPath(options.path, options.uid);
  const holder = new Holder(options);
  await holder.start();
  return holder;
}

/** The file's mode tells other relays whether a server is behind it: the x bits mean nothing for a socket. */
const servingMode = 0o777;
/** Every user may connect: cloudflared may run as another user, and the site is public anyway. */
const idleMode = 0o666;

interface Found {
  /** Distinguishes two sockets at the same path. */
  readonly identity: string;
  readonly serving: boolean;
}

class Holder implements SocketFile {
  readonly #options: SocketFileOptions;
  #listening: { readonly server: Server; readonly identity: string } | undefined;
  #watcher: FSWatcher | undefined;
  /** An idle connection to the relay that holds the path: it closes however that relay ends. */
  #holderConnection: Socket | undefined;
  #serving = false;
  #yielded = false;
  #work = Promise.resolve();

  constructor(options: SocketFileOptions) {
    this.#options = options;
  }

  /** Rejects when listening fails; later failures go to `onError`. */
  async start(): Promise<void> {
    const { path, onError } = this.#options;
    await this.#settle((holder) => !holder.serving);
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, (_kind, name) => {
        if (name === basename(path)) this.#settleSoon();
      });
      this.#watcher.on('error', () => undefined); // the folder was removed, and the socket with it
    } catch (error) {
      // The user's limit of watches is reached: the end of the holder is still noticed, but not the loss of its server.
      onError(error as Error);
    }
    this.#settleSoon();
  }

  setServing(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    this.#settleSoon(serving ? () => true : undefined);
  }

  yieldPath(): void {
    this.#yielded = true;
    this.#holderConnection?.destroy();
  }

  async release(): Promise<void> {
    this.yieldPath();
    this.#watcher?.close();
    await this.#work;
    const { path } = this.#options;
    if (this.#isOwn(await find(path))) await unlink(path).catch(() => undefined);
    this.#listening?.server.close();
  }

  #settleSoon(mayTake?: (holder: Found) => boolean): void {
    this.#work = this.#work
      .then(() => this.#settle(mayTake))
      .catch((error: unknown) => this.#options.onError(error as Error));
  }

  /** Marks the path, takes it, or waits behind its holder. Never runs twice at a time. */
  async #settle(mayTake = (holder: Found) => this.#serving && !holder.serving): Promise<void> {
    this.#holderConnection?.removeAllListeners('close').destroy();
    this.#holderConnection = undefined;
    if (this.#yielded) return;
    const { path } = this.#options;
    const found = await find(path);
    if (found !== undefined && this.#isOwn(found)) {
      if (found.serving !== this.#serving) await chmod(path, this.#mode());
      return;
    }
    const connection = found && !mayTake(found) ? await connectTo(path) : undefined;
    if (connection === undefined) return this.#take();
    this.#holderConnection = connection;
    connection.once('close', () => this.#settleSoon());
  }

  /** Listens under a name of its own and renames that over the path, so that a listener is there at every moment. */
  async #take(): Promise<void> {
    const { path, unique, onConnection } = this.#options;
    const own = `${path}.${unique}`;
    await unlink(own).catch(() => undefined); // left by a killed process with the same id
    const server = createServer(onConnection);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: own, readableAll: true, writableAll: true, backlog: 4096 }, resolve);
    });
    await chmod(own, this.#mode());
    const identity = (await find(own))?.identity ?? '';
    await rename(own, path);
    this.#listening?.server.close();
    this.#listening = { server, identity };
  }

  #mode(): number {
    return this.#serving ? servingMode : idleMode;
  }

  #isOwn(found: Found | undefined): boolean {
    return found !== undefined && found.identity === this.#listening?.identity;
  }
}

/** @returns undefined when nothing is at the path */
async function find(path: string): Promise<Found | undefined> {
  return stat(path).then(
    ({ dev, ino, mode }) => ({ identity: `${dev}:${ino}`, serving: (mode & 0o777) === servingMode }),
    () => undefined,
  );
}

/** An open connection to the listener at the path; undefined when none listens. */
async function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
    socket.resume();
  });
}

/** The kernel allows 107, of which the temporary name needs some. */
const maxPathBytes = 96;

async function checkPath(path: string, uid: number): Promise<void> {
  if (!path.startsWith('/')) throw new SocketPathError(`The socket's path must be absolute: ${path}`);
  if (Buffer.byteLength(path) > maxPathBytes)
    throw new SocketPathError(`The socket's path is longer than ${maxPathBytes} bytes: ${path}`);
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory() !== true) throw new SocketPathError(`There is no folder ${dirname(path)}`);
  if (folder.uid !== uid) throw new SocketPathError(`${dirname(path)} belongs to another user`);
  if ((folder.mode & 0o022) !== 0)
    throw new SocketPathError(`Other users may write in ${dirname(path)}; use chmod go-w`);
  const present = await lstat(path).catch(() => undefined);
  if (present?.isSocket() === false) throw new SocketPathError(`${path} exists and is not a socket`);
}
