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
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { MendableError } from './errors.ts';

/** What each subfolder holds. None is sticky, so that every account of the class may replace every file. */
const subfolders = ['queue', 'lock', 'records', 'configurations', 'scratch'] as const;

/** In here every student has a folder of their own for their relay's socket; sticky, so that it stays theirs. */
export const socketFolder = 'sockets';

/**
 * The state folder: shared by every process that provisions, and by several accounts where the teacher wants it so.
 * Whoever may write the folder may write everything in it: modes follow the folder's own, whatever the umask says.
 *
 * It waits for no thread of its own: where a whole class starts at once, each such wait would put whoever holds the lock at the end
 * of the queue for the processor (measured with 200 processes on two cores: 3 to 8 seconds a round instead of one).
 */
export class StateFolder {
  private constructor(
    readonly path: string,
    readonly folderMode: number,
  ) {}

  /** Opens the folder and makes what is missing in it. @throws MendableError `state-unwritable` */
  static async open(folder: string): Promise<StateFolder> {
    const { state, present } = await nameFile(folder, () => {
      if (mkdirSync(folder, { recursive: true, mode: 0o700 })) chmodSync(folder, 0o700);
      // Setgid stays, so that the class's group owns what is made; sticky goes, see above.
      return { state: new StateFolder(folder, statSync(folder).mode & 0o2777), present: new Set(readdirSync(folder)) };
    });
    for (const name of subfolders) if (!present.has(name)) await state.makeFolder(name);
    if (!present.has(socketFolder)) await state.makeSocketFolder();
    return state;
  }

  in(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  async makeFolder(...parts: readonly string[]): Promise<string> {
    const folder = this.in(...parts);
    await nameFile(folder, () => {
      // Its mode is right from the first moment on: another account may use it in the next.
      const umask = process.umask(0);
      try {
        mkdirSync(folder, { recursive: true, mode: this.folderMode });
      } finally {
        process.umask(umask);
      }
    });
    return folder;
  }

  private async makeSocketFolder(): Promise<void> {
    const folder = this.in(socketFolder);
    await nameFile(folder, () => {
      mkdirSync(folder, { recursive: true });
      unless('EPERM', () => {
        chmodSync(folder, 0o1777);
      });
    });
  }

  /** Undefined where the file is not there. */
  async read(...parts: readonly string[]): Promise<string | undefined> {
    const file = this.in(...parts);
    return nameFile(file, () => unless('ENOENT', () => readFileSync(file, 'utf8')));
  }

  /** Replaces a file whole: a reader sees the old one or the new one. `durable` survives a power cut, and costs an fsync. */
  async write(parts: readonly string[], text: string, { durable = false } = {}): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, () => {
      const scratch = this.newScratch();
      try {
        this.writeNew(scratch, text, durable);
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

  /** Removes it whole, in one step: nobody finds a half of it, or puts something into a folder that is being emptied. */
  async remove(...parts: readonly string[]): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, () => {
      const scratch = this.newScratch();
      unless('ENOENT', () => {
        renameSync(file, scratch);
      });
      removeTree(scratch);
    });
  }

  async list(...parts: readonly string[]): Promise<string[]> {
    const folder = this.in(...parts);
    return nameFile(folder, () => (unless('ENOENT', () => readdirSync(folder)) ?? []).sort());
  }

  /** When the file was last written, in milliseconds since 1970; 0 where it is not there, or out of reach. */
  timeOf(...parts: readonly string[]): number {
    try {
      return statSync(this.in(...parts)).mtimeMs;
    } catch {
      return 0;
    }
  }

  /** Removes what killed processes left half-written, an hour ago or longer. `now` in milliseconds since 1970. */
  async sweep(now: number): Promise<void> {
    for (const name of await this.list('scratch')) {
      if (this.timeOf('scratch', name) < now - 3_600_000) await this.remove('scratch', name);
    }
  }

  get fileMode(): number {
    return this.folderMode & 0o666;
  }

  /** Nobody else's: of two hosts or containers that share the folder, both may have a process of our id, but hardly begun in the same microsecond. */
  private newScratch(): string {
    return this.in('scratch', `${process.pid}-${performance.timeOrigin}-${scratchCount++}`);
  }

  private writeNew(file: string, text: string, durable: boolean): void {
    withFile(openSync(file, 'wx'), (descriptor) => {
      fchmodSync(descriptor, this.fileMode);
      writeFileSync(descriptor, text);
      if (durable) fsyncSync(descriptor);
    });
  }
}

/**
 * All that is ever here is a file, or a folder of files. node's own removal of a tree is loaded when it is first used, which takes
 * each of a class 5 ms of the processor at its end, and so everybody behind it, too: it is for what somebody else has put here.
 */
function removeTree(entry: string): void {
  try {
    const files = unless('ENOTDIR', () => readdirSync(entry));
    for (const file of files ?? []) unlinkSync(join(entry, file));
    if (files) rmdirSync(entry);
    else unlinkSync(entry);
  } catch {
    rmSync(entry, { recursive: true, force: true });
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

/** Runs `work` at once, and turns what the disk refuses into a message that names the file. */
function nameFile<T>(file: string, work: () => T): Promise<T> {
  return new Promise<T>((resolve) => {
    resolve(work());
  }).catch((error: unknown) => {
    const { code, path: at, dest = at } = error as NodeJS.ErrnoException & { dest?: string }; // a rename names both
    if (!code || !(code in problems)) throw error;
    throw new MendableError('state-unwritable', { file: dest ?? file, problem: problems[code] }, { cause: error });
  });
}

const problems: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this account may not write it',
  EPERM: "this account may not change it (is the folder sticky, or somebody else's?)",
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is not a folder',
  EIO: 'the disk has an error',
  ESTALE: 'the network folder is gone',
};

/** Undefined where `work` fails for this reason. */
function unless<T>(code: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return undefined;
  }
}
