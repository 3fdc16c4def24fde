import { mkdirSync } from 'node:fs';
import { chmod, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { MendableError } from './errors.ts';

/** What each subfolder holds. None is sticky, so that every account of the class may replace every file. */
const subfolders = ['queue', 'lock', 'records', 'configurations', 'scratch'] as const;

/** In here every student has a folder of their own for their relay's socket; sticky, so that it stays theirs. */
export const socketFolder = 'sockets';

/**
 * The state folder: shared by every process that provisions, and by several accounts where the teacher wants it so.
 * Whoever may write the folder may write everything in it: modes follow the folder's own, whatever the umask says.
 */
export class StateFolder {
  private constructor(readonly path: string, readonly folderMode: number) {}

  /** Opens the folder and makes what is missing in it. @throws MendableError `state-unwritable` */
  static async open(folder: string): Promise<StateFolder> {
    return nameFile(folder, async () => {
      if (await mkdir(folder, { recursive: true, mode: 0o700 })) await chmod(folder, 0o700);
      // Setgid stays, so that the class's group owns what is made; sticky goes, see above.
      const state = new StateFolder(folder, (await stat(folder)).mode & 0o2777);
      const present = new Set(await readdir(folder));
      for (const name of subfolders) if (!present.has(name)) await state.makeFolder(name);
      if (!present.has(socketFolder)) await state.makeSocketFolder();
      return state;
    });
  }

  in(...parts: readonly string[]): string { return path.join(this.path, ...parts); }

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
    await mkdir(this.in(socketFolder), { recursive: true });
    await chmod(this.in(socketFolder), 0o1777).catch(ignore('EPERM'));
  }

  /** Undefined where the file is not there. */
  async read(...parts: readonly string[]): Promise<string | undefined> {
    const file = this.in(...parts);
    return nameFile(file, () => readFile(file, 'utf8').catch(ignore('ENOENT')));
  }

  /** Replaces a file whole: a reader sees the old one or the new one. `durable` survives a power cut, and costs an fsync. */
  async write(parts: readonly string[], text: string, { durable = false } = {}): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, async () => {
      const scratch = this.in('scratch', `${process.pid}-${scratchCount++}`);
      try {
        await this.writeNew(scratch, text, durable);
        await rename(scratch, file);
      } catch (error) {
        await rm(scratch, { force: true }).catch(() => undefined);
        throw error;
      }
    });
  }

  async append(parts: readonly string[], text: string): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, async () => {
      const handle = await open(file, 'a');
      try {
        await handle.chmod(this.fileMode).catch(ignore('EPERM'));
        await handle.write(text);
      } finally {
        await handle.close();
      }
    });
  }

  async remove(...parts: readonly string[]): Promise<void> {
    const file = this.in(...parts);
    await nameFile(file, () => rm(file, { recursive: true, force: true }));
  }

  async list(...parts: readonly string[]): Promise<string[]> {
    const folder = this.in(...parts);
    return nameFile(folder, async () => (await readdir(folder).catch(ignore('ENOENT')) ?? []).sort());
  }

  /** Removes what killed processes left half-written, an hour ago or longer. `now` in milliseconds since 1970. */
  async sweep(now: number): Promise<void> {
    for (const name of await this.list('scratch')) {
      const stats = await stat(this.in('scratch', name)).catch(ignore('ENOENT'));
      if (stats && stats.mtimeMs < now - 3_600_000) await this.remove('scratch', name);
    }
  }

  get fileMode(): number { return this.folderMode & 0o666; }

  private async writeNew(file: string, text: string, durable: boolean): Promise<void> {
    await rm(file, { force: true }); // left by a killed process that had our id
    const handle = await open(file, 'wx');
    try {
      await handle.chmod(this.fileMode);
      await handle.writeFile(text);
      if (durable) await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

let scratchCount = 0;

/** Runs `work` and turns what the disk refuses into a message that names the file. */
async function nameFile<T>(file: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, path: at, dest = at } = error as NodeJS.ErrnoException & { dest?: string }; // a rename names both
    if (!code || !(code in problems)) throw error;
    throw new MendableError('state-unwritable', { file: dest ?? file, problem: problems[code] }, { cause: error });
  }
}

const problems: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full', EDQUOT: 'the disk quota is used up', EROFS: 'the file system is read-only',
  EACCES: 'this account may not write it', EPERM: 'this account may not change it (is the folder sticky, or somebody else\'s?)',
  ENOTDIR: 'it is not a folder', EEXIST: 'it is not a folder', EIO: 'the disk has an error', ESTALE: 'the network folder is gone',
};

function ignore(...codes: readonly string[]): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
    return undefined;
  };
}
