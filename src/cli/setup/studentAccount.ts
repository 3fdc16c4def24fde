// Works in a student's home as that student: root would follow a link that the student put there.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { FixableError } from '../../provisioning/errors.ts';
import { findProgram, getent } from './system.ts';

/** Files are relative to the home folder. */
export interface StudentAccount {
  readonly user: string;
  readonly home: string;
  /** Undefined if it does not exist or cannot be read. */
  read(file: string): string | undefined;
  /** Replaces a file; it keeps its mode. @throws FixableError `setup-unwritable` */
  write(file: string, content: string): void;
  remove(file: string): void;
  /** Runs code-server with these arguments. @throws FixableError `setup-unwritable` */
  codeServer(...args: readonly string[]): Promise<void>;
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Milliseconds. A student's file may be a pipe that nothing writes to. */
const fileTimeout = 5_000;
const installTimeout = 120_000;
const largestFile = 4_000_000;

const replaceFile = `set -e
umask 022
mkdir -p "$(dirname "$1")"
target=$(readlink -f "$1")
if [ -e "$target" ]; then cp -p "$target" "$target.new"; fi
cat >"$target.new"
mv -f "$target.new" "$target"`;

/** Undefined if there is no such account, or it has no code-server. */
export function openStudent(user: string): StudentAccount | undefined {
  const [, , uid, gid, , home = '/'] = getent('passwd', user)[0] ?? [];
  const codeServer = findProgram('code-server', `${systemPath}:${join(home, '.local/bin')}`);
  if (uid === undefined || codeServer === undefined) return undefined;
  const env = { PATH: systemPath, HOME: home, USER: user, LOGNAME: user, LANG: 'C.UTF-8' };
  const options = { uid: Number(uid), gid: Number(gid), cwd: '/', env };
  const run = (words: readonly string[], input = '') =>
    spawnSync(words[0] ?? '', words.slice(1), {
      ...options,
      input,
      encoding: 'utf8',
      timeout: fileTimeout,
      maxBuffer: largestFile,
    });
  return {
    user,
    home,
    read(file) {
      const { status, stdout } = run(['cat', '--', join(home, file)]);
      return status === 0 ? stdout : undefined;
    },
    write(file, content) {
      const path = join(home, file);
      const { status, stderr } = run(['sh', '-c', replaceFile, 'sh', path], content);
      if (status !== 0) throw unwritable(path, stderr);
    },
    remove: (file) => void run(['rm', '-f', '--', join(home, file)]),
    async codeServer(...args) {
      const child = spawn(codeServer, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: installTimeout });
      const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
      const ended = Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close') as Promise<[number | null]>,
      ]);
      const [out, err, [code]] = await Promise.race([ended, failed]);
      if (code !== 0) throw unwritable(`code-server ${args.join(' ')}`, err.trim() || out.trim());
    },
  };
}

function unwritable(file: string, output: string): FixableError {
  const problem = output.trim().split('\n').at(-1) || 'it did not end';
  return new FixableError('setup-unwritable', { file, problem });
}
