// The lock: one process at a time reads and changes the tunnel and the state.
import fs from 'node:fs';
import { join } from 'node:path';
import { withDeadline } from '../deadline.ts';
import { parseJson } from '../json.ts';
import { FixableError } from './errors.ts';
import { formerHoldersFolder } from './formerHolders.ts';
import { livenessOf, type ProcessIdentity } from './processIdentity.ts';
import type { StateFolder } from './stateFolder.ts';

/** Milliseconds. The time under the lock ends well before the lock looks stale, so a slow holder never meets its successor. */
export const lockTimes: LockTimes = { stale: 30_000, update: 5_000, hold: 15_000 };

export interface LockTimes {
  /** After this time without renewal any process may take the lock. */
  readonly stale: number;
  /** How often the holder renews the lock. */
  readonly update: number;
  /** The longest time under the lock. */
  readonly hold: number;
}

/** The lock as its holder sees it. */
export interface HeldLock {
  /** Aborted once the lock is lost or its time is over; calls end with it. */
  readonly signal: AbortSignal;
  /** Call it right before each write. @throws FixableError `lock-lost` */
  check(): void;
}

export interface LockOptions {
  readonly folder: StateFolder;
  readonly self: ProcessIdentity;
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly times: LockTimes;
}

/** The folder in which the lock appears. Waiting processes watch it. */
export const lockFolder = 'lock';

/**
 * Runs `work` while no other process does. Returns undefined at once, without running it, if another process holds the lock.
 *
 * The lock is a folder with one file in it, named after its owner's token. A missing or empty folder is free. Taking the lock means
 * renaming a folder that already holds the file onto it, which the kernel refuses if there is an owner; releasing it means removing
 * exactly the owner's file. So no process can remove any lock but the one it looked at, and of two that find a stale one, one gets it.
 */
export async function withLock<T>(options: LockOptions, work: (held: HeldLock) => Promise<T>): Promise<T | undefined> {
  const { times } = options;
  const lock = await OwnedLock.take(options);
  if (!lock) return undefined;
  const lost = new AbortController();
  const renewal = setInterval(() => {
    if (!lock.renew(options.now())) lost.abort(lock.lostError());
  }, times.update);
  try {
    return await withDeadline(times.hold, [lost.signal], (signal) =>
      work({
        signal,
        check: () => {
          lock.check();
        },
      }),
    );
  } finally {
    clearInterval(renewal);
    lock.release();
  }
}

/** Whether a process holds the lock. Cheap: it does not tell whether that process is alive. */
export function isHeld(folder: StateFolder): boolean {
  return ownerIn(heldFolder(folder)) !== undefined;
}

/** Whether the lock's holder is surely dead, or has not renewed it for `stale` milliseconds. Then any process may take it. */
export function isAbandoned(folder: StateFolder, self: ProcessIdentity, stale: number, now: number): boolean {
  const owner = ownerIn(heldFolder(folder));
  return owner !== undefined && isAbandonedBy(owner, folder, self, stale, now);
}

/** A lock that this process took. */
class OwnedLock {
  readonly #held: string;
  readonly #ownerFile: string;

  private constructor(held: string, ownerFile: string) {
    this.#held = held;
    this.#ownerFile = ownerFile;
  }

  /** Undefined if another process holds the lock. */
  static async take({ folder, self, newId, now, times }: LockOptions): Promise<OwnedLock | undefined> {
    const held = heldFolder(folder);
    const owner = ownerIn(held);
    if (owner !== undefined) {
      if (!isAbandonedBy(owner, folder, self, times.stale, now())) return undefined;
      evict(owner, folder, self);
    }
    const token = `${newId()}.json`;
    const scratch = await folder.makeFolder('scratch', token);
    try {
      await folder.write(['scratch', token, token], JSON.stringify(self));
      fs.renameSync(scratch, held);
      return new OwnedLock(held, join(held, token));
    } catch (error) {
      await folder.remove('scratch', token);
      if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return undefined; // another process was faster
      throw error;
    }
  }

  /** @throws FixableError `lock-lost` */
  check(): void {
    if (!fs.existsSync(this.#ownerFile)) throw this.lostError();
  }

  /** Returns false if the lock was lost. A failed renewal does no harm: the time under the lock ends before the lock looks stale. */
  renew(now: number): boolean {
    if (!fs.existsSync(this.#ownerFile)) return false;
    try {
      fs.utimesSync(this.#held, now / 1000, now / 1000);
    } catch {
      // tried again at the next interval
    }
    return true;
  }

  /** Removes only this process's file, so a lock that was lost stays its new owner's. */
  release(): void {
    ignoring('ENOENT', () => {
      fs.unlinkSync(this.#ownerFile);
    });
    try {
      fs.rmdirSync(this.#held);
    } catch {
      // gone, or taken by the next owner
    }
  }

  lostError(): FixableError {
    return new FixableError('lock-lost', { file: this.#held });
  }
}

function isAbandonedBy(owner: string, folder: StateFolder, self: ProcessIdentity, stale: number, now: number): boolean {
  const renewed = folder.timeOf(lockFolder, 'held'); // 0 if the lock was released in this moment
  return isDead(join(heldFolder(folder), owner), self) || (renewed > 0 && renewed + stale < now);
}

/** Removes a dead owner's file. The file of any other owner is kept, because that process may still change Cloudflare. */
function evict(owner: string, folder: StateFolder, self: ProcessIdentity): void {
  const ownerFile = join(heldFolder(folder), owner);
  ignoring('ENOENT', () => {
    if (isDead(ownerFile, self)) fs.unlinkSync(ownerFile);
    else fs.renameSync(ownerFile, folder.in(formerHoldersFolder, owner));
  });
}

/** Whether the process that this owner file names is surely dead. Then its lock can be taken before it looks stale. */
function isDead(ownerFile: string, self: ProcessIdentity): boolean {
  try {
    const identity = parseJson(fs.readFileSync(ownerFile, 'utf8')) as ProcessIdentity | undefined;
    return identity !== undefined && livenessOf(identity, self) === 'dead';
  } catch {
    return false;
  }
}

function heldFolder(folder: StateFolder): string {
  return folder.in(lockFolder, 'held');
}

function ownerIn(held: string): string | undefined {
  try {
    return fs.readdirSync(held)[0];
  } catch {
    return undefined;
  }
}

function ignoring(code: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
