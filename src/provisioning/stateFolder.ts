// The state folder: the files that every process of provisioning shares.
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FixableError } from './errors.ts';

/** None is sticky, so that in a shared folder every account may replace every file. */
const subfolders = ['queue', 'lock', 'formerHolders', 'records', 'configurations', 'scratch'] as const;

/** Each student has a folder in here for their relay's socket. It is sticky, so that it stays theirs. */
export const socketFolder = 'sockets';

/**
 * Shared by every process that provisions, and by several accounts if the teacher wants it so. The modes of its files follow the
 * folder's own mode, whatever the umask is.
 *
 * Calls are synchronous. When many processes start at once, each await would put the lock holder at the end of the scheduler's queue,
 * and a round would take several times as long.
 */
export class StateFolder {
  readonly path: string;
  readonly folderMode: number;

  private constructor(path: string, folderMode: number) {
    this.path = path;
    this.folderMode = folderMode;
  }

  /** Opens the folder and creates missing subfolders. @throws FixableError `state-unwritable` */
  static async open(folder: string): Promise<StateFolder> {
    const { state, present } = await nameFile(folder, () => {
      if (mkdirSync(folder, { recursive: true, mode: 0o700 })) chmodSync(folder, 0o700);
      // Setgid stays, so that the group owns new files.
      return { state: new StateFolder(folder, statSync(folder).mode & 0o2777), present: new Set(readdirSync(folder)) };
    });
    for (const name of subfolders) if (!present.has(name)) await state.makeFolder(name);
    if (!present.has(socketFolder)) await state.#makeSocketFolder();
    return state;
  }

  in(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  async makeFolder(...parts: readonly string[]): Promise<string> {
    const folder = this.in(...parts);
    await nameFile(folder, () => {
      // Its mode is right from the start, because another account may use it at once.
      const umask = process.umask(0);
      try {
        mkdirSync(folder, { recursive: true, mode: this.folderMode });
      } finally {
        process.umask(umask);
      }
    });
    return folder;
  }

  async #makeSocketFolder(): Promise<void> {
    const folder = this.in(socketFolder);
    await nameFile(folder, () => {
      mkdirSync(folder, { recursive: true });
      unless('EPERM', () => {
        chmodSync(folder, 0o1777);
      });
    });
  }

  /** Undefined if the file does not exist. */
  async read(...parts: readonly string[]): Promise<string | undefined> {
    const file = this.in(...parts);
    return nameFile(file, () => unless('ENOENT', () => readFileSync(file, 'utf8')));
  }

  /** Replaces a whole file: a reader sees the old one or the new one. `durable` survives a power failure, and costs an fsync. */
  async write(parts: readonly string[], text: string, { durable = false } = {}): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, () => {
      const scratch = this.#newScratch();
      try {
        this.#writeNew(scratch, text, durable);
        renameSync(scratch, file);
      } catch (error) {
        rmSync(scratch, { force: true });
        throw error;
      }
    });
  }

  async append(parts: readonly string[], text: string): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, () => {
      withFile(openSync(file, 'a'), (descriptor) => {
        unless('EPERM', () => {
          fchmodSync(descriptor, this.fileMode);
        });
        writeFileSync(descriptor, text);
      });
    });
  }

  /** Renames a file of at least this size to NAME.1. */
  async rotate(name: string, maxBytes: number): Promise<void> {
    const file = this.in(name);
    await nameFile(file, () => {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= maxBytes) renameSync(file, `${file}.1`);
    });
  }

  /** Removes a file or folder in one step, so that no process sees half of it or adds to a folder that is being emptied. */
  async remove(...parts: readonly string[]): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, () => {
      const scratch = this.#newScratch();
      unless('ENOENT', () => {
        renameSync(file, scratch);
      });
      rmSync(scratch, { recursive: true, force: true });
    });
  }

  async list(...parts: readonly string[]): Promise<string[]> {
    const folder = this.in(...parts);
    return nameFile(folder, () => (unless('ENOENT', () => readdirSync(folder)) ?? []).sort());
  }

  /** When the file was last written: milliseconds since 1970; 0 if it cannot be read. */
  timeOf(...parts: readonly string[]): number {
    try {
      return statSync(this.in(...parts)).mtimeMs;
    } catch {
      return 0;
    }
  }

  /** Removes files that killed processes left half-written at least an hour ago. @param now milliseconds since 1970 */
  async sweep(now: number): Promise<void> {
    for (const name of await this.list('scratch')) {
      if (this.timeOf('scratch', name) < now - 3_600_000) await this.remove('scratch', name);
    }
  }

  get fileMode(): number {
    return this.folderMode & 0o666;
  }

  /** Unique across hosts and containers that share the folder: process id plus start time. */
  #newScratch(): string {
    return this.in('scratch', `${process.pid}-${performance.timeOrigin}-${scratchCount++}`);
  }

  #writeNew(file: string, text: string, durable: boolean): void {
    withFile(openSync(file, 'wx'), (descriptor) => {
      fchmodSync(descriptor, this.fileMode);
      writeFileSync(descriptor, text);
      if (durable) fsyncSync(descriptor);
    });
  }
}

function withFile(descriptor: number, work: (descriptor: number) => void): void {
  try {
    work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

let scratchCount = 0;

/** Runs `work` at once, and turns errors of the file system into a message that names the file. */
function nameFile<T>(file: string, work: () => T): Promise<T> {
  return new Promise<T>((resolve) => {
    resolve(work());
  }).catch((error: unknown) => {
    const { code, path: at, dest = at } = error as NodeJS.ErrnoException & { dest?: string }; // errors of a rename have both
    if (!code || !(code in problems)) throw error;
    throw new FixableError('state-unwritable', { file: dest ?? file, problem: problems[code] }, { cause: error });
  });
}

const problems: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this account may not write it',
  EPERM: 'this account may not change it (is the folder sticky, or owned by another account?)',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is not a folder',
  EIO: 'the disk has an error',
  EFBIG: 'the file size limit of this process is too small',
  EMFILE: 'this process may not open more files',
  ENFILE: 'this machine cannot open more files',
  ESTALE: 'the network folder is gone',
};

/** Undefined if `work` fails with this code. */
function unless<T>(code: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return undefined;
  }
}
