// A bare Debian that boots systemd in namespaces of its own, on an overlay of the cached one.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/** $1: the overlay's place. $2: the cached Debian. $3: a folder that stays visible. $4: node. It never touches this machine's own root. */
const boot = `set -e
mount --make-rprivate /
mount -t tmpfs -o size=512M tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o lowerdir="$2",upperdir="$1/upper",workdir="$1/work" overlay "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs sys sys
mount -t cgroup2 cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir srv/class
mount --bind "$3" srv/class
cp "$4" usr/bin/node
mount --make-rshared "$1/root" # systemd shows a unit its credentials through it
export container=test
exec chroot . /lib/systemd/systemd --system`;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Machine {
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /**
   * @param debian the cached root folder
   * @param shared a folder of this machine, which is /srv/class in there
   */
  static async boot(debian: string, shared: string): Promise<Machine> {
    const folder = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-machine-'));
    const flags = ['--pid', '--fork', '--kill-child', '--mount', '--uts', '--ipc'];
    const child = spawn('unshare', [...flags, 'sh', '-c', boot, 'sh', folder, debian, shared, process.execPath], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const machine = new Machine(child, folder);
    while (
      child.exitCode === null &&
      !/running|degraded/.test((await machine.run(['systemctl', 'is-system-running'])).out)
    )
      await pause(50); // systemd tells nobody outside
    return machine;
  }

  /** Runs a command in the machine. @param user an account of the machine; root if there is none */
  async run(words: readonly string[], user?: string): Promise<Ran> {
    const child = this.start(words, user);
    child.stdin.end();
    const closed = once(child, 'close') as Promise<[number | null]>;
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, out, err };
  }

  /** Starts a command, whose standard input is a pipe. */
  start(words: readonly string[], user?: string) {
    const as = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups'];
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/', LANG: 'C.UTF-8' };
    const args = ['-t', this.#systemd(), '-m', '-p', '-r', '-w', '--', ...as, ...words];
    return spawn('nsenter', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** Ends every process of the machine. */
  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #systemd(): string {
    const { pid } = this.#child;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return child || '0';
  }
}

/** Whether this machine lets root mount an overlay and a cgroup in namespaces of its own. */
export function canBoot(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'classroom-tunnel-probe-'));
  const script =
    'mount -t tmpfs tmpfs "$1" && mkdir "$1/a" "$1/b" "$1/c" "$1/d" && mount -t overlay -o lowerdir="$1/a",upperdir="$1/b",workdir="$1/c" overlay "$1/d" && mount -t cgroup2 cgroup "$1/a"';
  const { status } = spawnSync('unshare', ['--pid', '--fork', '--mount', 'sh', '-c', script, 'sh', folder]);
  rmSync(folder, { recursive: true, force: true });
  return status === 0;
}
