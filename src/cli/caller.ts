// Identifies the caller: by the kernel and sudo, never by what the caller says.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Config } from '../provisioning/config.ts';

/** The user on whose behalf this process works. */
export interface Caller {
  readonly user: string;
  readonly uid: number;
  /** As `isGuestHere`: only a student's commands are allowed, unless the user is a teacher. */
  readonly isGuest: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface ProcessFacts {
  readonly uid: number;
  readonly env: Environment;
  /** The name of a user id. */
  readonly nameOf: (uid: number) => string;
}

/**
 * Identifies the caller. `SUDO_UID` counts only where sudo can have set it: in a process of root, or of the service account,
 * which owns the state folder. Any other process that has it set keeps its own identity.
 */
export function identifyCaller(
  { uid, env, nameOf }: ProcessFacts,
  config: Pick<Config, 'allowUserOverride'>,
  serviceUid: number,
): Caller {
  const sudoUid = sudoUidOf(env);
  const isGuest = isGuestHere(uid, env);
  if (sudoUid !== undefined && (uid === 0 || uid === serviceUid))
    return { uid: sudoUid, user: nameOf(sudoUid), isGuest };
  const named = config.allowUserOverride && sudoUid === undefined ? env['CLASSROOM_TUNNEL_USER'] : undefined;
  return { uid, user: named ?? nameOf(uid), isGuest };
}

/**
 * Whether the caller came through sudo to another account than root's. Decided without the configuration: a guest's own
 * configuration could name any state folder. Pure.
 * @param uid the user id of this process
 */
export function isGuestHere(uid: number, env: Environment): boolean {
  const sudoUid = sudoUidOf(env);
  return sudoUid !== undefined && sudoUid !== uid && sudoUid !== 0 && uid !== 0;
}

/** The name of a user id: from /etc/passwd, else from getent, else the number. */
export function userName(uid: number): string {
  const line = passwordLines().find((fields) => fields[2] === String(uid));
  if (line?.[0]) return line[0];
  const { stdout } = spawnSync('getent', ['passwd', String(uid)], { encoding: 'utf8' }) as { stdout: string | null };
  return stdout?.split(':')[0] || `uid${uid}`;
}

function sudoUidOf(env: Environment): number | undefined {
  const uid = Number.parseInt(env['SUDO_UID'] ?? '', 10);
  return Number.isInteger(uid) ? uid : undefined;
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
