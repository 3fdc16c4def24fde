// Identifies the caller: by the kernel, never by what the caller says.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from '../provisioning/config.ts';
import { readText } from '../shell/procFiles.ts';

/** The user on whose behalf this process works. */
export interface Caller {
  readonly user: string;
  readonly uid: number;
  /** Came through the service: only a student's commands are allowed, unless the user is a teacher. */
  readonly isGuest: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface ProcessFacts {
  readonly uid: number;
  readonly env: Environment;
  /** The user id of the peer that the service works for. */
  readonly peer: number | undefined;
  /** The name of a user id. */
  readonly nameOf: (uid: number) => string;
}

/** Identifies the caller: the peer of the service, else the process's own user, or the one that the configuration lets it name. */
export function identifyCaller(
  { uid, env, peer, nameOf }: ProcessFacts,
  config: Pick<Config, 'allowUserOverride'>,
): Caller {
  if (peer !== undefined) return { uid: peer, user: nameOf(peer), isGuest: true };
  const named = config.allowUserOverride ? env['CLASSROOM_TUNNEL_USER'] : undefined;
  return { uid, user: named ?? nameOf(uid), isGuest: false };
}

/**
 * Whether an account that is not root started this program by sudo as another account. Older versions let students do that; it
 * would make them the service account. Pure.
 * @param program the path of this program
 */
export function isThroughSudo(uid: number, env: Environment, program: string): boolean {
  const { SUDO_UID: origin = '', SUDO_COMMAND: started = '' } = env;
  if (origin === '' || uid === 0 || ['0', String(uid)].includes(origin)) return false;
  return basename(started.split(' ')[0] ?? '') === basename(program);
}

/** The user id that a process runs as; undefined if it has ended. */
export function processOwner(pid: number): number | undefined {
  const [, uid] = /^Uid:\t(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? '') ?? [];
  return uid === undefined ? undefined : Number(uid);
}

/** The name of a user id: from /etc/passwd, else from getent, else the number. */
export function userName(uid: number): string {
  const line = passwordLines().find((fields) => fields[2] === String(uid));
  if (line?.[0]) return line[0];
  const { stdout } = spawnSync('getent', ['passwd', String(uid)], { encoding: 'utf8' }) as { stdout: string | null };
  return stdout?.split(':')[0] || `uid${uid}`;
}

function passwordLines(): string[][] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}
