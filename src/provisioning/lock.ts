import fs from 'node:fs';
import { join } from 'node:path';
import { withDeadline } from '../deadline.ts';
import { MendableError } from './errors.ts';
import { livenessOf, type ProcessIdentity } from './processIdentity.ts';
import type { StateFolder } from './stateFolder.ts';

/** Milliseconds. The time under the lock ends well before the lock could look stale, so a holder that is slow never meets its heir. */
export const lockTimes: LockTimes = { stale: 30_000, update: 5_000, hold: 15_000 };

export interface LockTimes {
  /** After which a lock that was not renewed is anybody's; proper-lockfile takes 2,000 at least. */
  readonly stale: number;
  readonly update: number;
  /** The longest time under the lock. */
  readonly hold: number;
}

/** What its holder may do with the lock. */
export interface HeldLock {
  /** Aborted once the lock is lost, or its time is over: no call goes on after that. */
  readonly signal: AbortSignal;
  /** To be called right before everything that is written. @throws MendableError `lock-lost` */
  check(): void;
}

export interface LockOptions {
  readonly folder: StateFolder;
  readonly self: ProcessIdentity;
  readonly newId: () => string;
  readonly times: LockTimes;
}

/** Where the lock appears; its folder can be watched. */
export const lockFolder = 'lock';

/**
 * Runs `work` while no other process does; undefined at once, without running it, where another holds the lock.
 *
 * proper-lockfile keeps the lock and its time; `OwnedFolder` below gives it a file system in which a lock has an owner.
 */
export async function withLock<T>(options: LockOptions, work: (held: HeldLock) => Promise<T>): Promise<T | undefined> {
  const { times } = options;
  const owned = new OwnedFolder(options);
  const lost = new AbortController();
  // Of a crowd only those in front contend: the others need not load it.
  const { lock: lockFile } = await import('proper-lockfile');
  const release = await lockFile(owned.path, {
    lockfilePath: owned.path,
    realpath: false,
    fs: owned,
    retries: 0,
    stale: times.stale,
    update: times.update,
    onCompromised: () => {
      lost.abort(owned.lostError());
    },
  }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
    throw error;
  });
  if (!release) return undefined;
  try {
    return await withDeadline(times.hold, [lost.signal], (signal) =>
      work({
        signal,
        check: () => {
          owned.check();
        },
      }),
    );
  } finally {
    await release().catch(() => undefined); // lost meanwhile: then it is not ours to remove
  }
}

/** Does anybody hold the lock? One glance, for those who wait: it says nothing of whether the holder still lives. */
export function isHeld(folder: StateFolder): boolean {
  return ownerOf(folder.in(lockFolder, 'held')) !== undefined;
}

/** Has the one who holds the lock surely died, or not renewed it for `stale` milliseconds? Then it is there to be taken. */
export function isAbandoned(folder: StateFolder, self: ProcessIdentity, stale: number, now: number): boolean {
  const held = folder.in(lockFolder, 'held');
  const owner = ownerOf(held);
  if (owner === undefined) return false;
  const renewed = folder.timeOf(lockFolder, 'held'); // 0 where it was let go meanwhile
  return isDead(join(held, owner), self) || (renewed > 0 && renewed + stale < now);
}

type Done<T = void> = (error: NodeJS.ErrnoException | null, value?: T) => void;

/**
 * The file system that proper-lockfile works on. A lock is a folder with one file in it, named after its owner's token;
 * a missing or empty folder is free. It is taken by renaming a folder that already holds the file onto it, which the
 * kernel refuses where there is an owner; it is let go by unlinking exactly one owner's file. So nobody can ever remove
 * a lock but the one they looked at, and of two who find a stale one, one gets it.
 */
class OwnedFolder {
  readonly path: string;
  private readonly token: string;
  private owns = false;
  private staleOwner: string | undefined;

  constructor(private readonly options: LockOptions) {
    this.path = options.folder.in(lockFolder, 'held');
    this.token = `${options.newId()}.json`;
  }

  check(): void {
    if (!fs.existsSync(join(this.path, this.token))) throw this.lostError();
  }

  lostError(): MendableError {
    return new MendableError('lock-lost', { file: this.path });
  }

  // What proper-lockfile calls.

  mkdir = (_path: string, done: Done): void => {
    this.take().then(() => {
      done(null);
    }, done);
  };
  stat = (_path: string, done: Done<Pick<fs.Stats, 'mtime'>>): void => {
    try {
      done(null, this.look());
    } catch (error) {
      done(error as NodeJS.ErrnoException);
    }
  };
  utimes = (_path: string, atime: Date, mtime: Date, done: Done): void => {
    if (this.owns && fs.existsSync(join(this.path, this.token))) fs.utimes(this.path, atime, mtime, done);
    else done(notThere());
  };
  rmdir = (_path: string, done: Done): void => {
    try {
      this.rmdirSync();
      done(null);
    } catch (error) {
      done(error as NodeJS.ErrnoException);
    }
  };
  rmdirSync = (): void => {
    const owner = this.owns ? this.token : this.staleOwner;
    if (owner === undefined) return;
    this.owns = false;
    removeFile(join(this.path, owner));
    removeIfEmpty(this.path);
  };

  private async take(): Promise<void> {
    if (ownerOf(this.path) !== undefined) throw exists();
    const { folder, self } = this.options;
    const scratch = await folder.makeFolder('scratch', this.token);
    try {
      await folder.write(['scratch', this.token, this.token], JSON.stringify(self));
      fs.renameSync(scratch, this.path);
      this.owns = true;
    } catch (error) {
      await folder.remove('scratch', this.token);
      throw ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '') ? exists() : error;
    }
  }

  private look(): Pick<fs.Stats, 'mtime'> {
    const owner = ownerOf(this.path);
    if (owner === undefined || (this.owns && owner !== this.token)) throw notThere();
    const { mtime } = fs.statSync(this.path);
    if (this.owns) return { mtime };
    this.staleOwner = owner;
    return isDead(join(this.path, owner), this.options.self) ? { mtime: new Date(0) } : { mtime };
  }
}

/** Is the owner that this file names surely dead? Then nobody has to wait until its lock looks old. */
function isDead(ownerFile: string, self: ProcessIdentity): boolean {
  try {
    return livenessOf(JSON.parse(fs.readFileSync(ownerFile, 'utf8')) as ProcessIdentity, self) === 'dead';
  } catch {
    return false;
  }
}

function ownerOf(folder: string): string | undefined {
  try {
    return fs.readdirSync(folder)[0];
  } catch {
    return undefined;
  }
}

function removeFile(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    /* the next owner's is in it already, or it is gone */
  }
}

function exists(): NodeJS.ErrnoException {
  return Object.assign(new Error('the lock is held'), { code: 'EEXIST' });
}
function notThere(): NodeJS.ErrnoException {
  return Object.assign(new Error('the lock is free'), { code: 'ENOENT' });
}
