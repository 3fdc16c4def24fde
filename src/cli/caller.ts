// Identifies the caller: by the kernel and sudo, never by what the caller says.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Config } from '../provisioning/config.ts';

/** The user on whose behalf this process works. */
export interface Caller {
  readonly user: string;
  readonly uid: number;
  /** Came through sudo to another account than root's: only a student's commands are allowed, unless it is a teacher. */
  readonly isGuest: boolean;
}

export interface ProcessFacts {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The name of a user id. */
  readonly nameOf: (uid: number) => string;
}

/**
 * Identifies the caller. `SUDO_UID` counts only where sudo can have set it: in a process of root, or of the service account,
 * which owns the state folder. Any other process that has it set keeps its own identity.
 */
export function identifyCaller(
  facts: ProcessFacts,
  config: Pick<Config, 'allowUserOverride'> | undefined,
  serviceUid: number | undefined,
): Caller {
  const { uid, env } = facts;
  const sudoUid = Number.parseInt(env['SUDO_UID'] ?? '', 10);
  const throughSudo = Number.isInteger(sudoUid);
  // Decided without the configuration: a guest's own configuration could name any state folder.
  const isGuest = throughSudo && sudoUid !== uid && sudoUid !== 0 && uid !== 0;
  if (throughSudo && (uid === 0 || uid === serviceUid)) return { uid: sudoUid, user: facts.nameOf(sudoUid), isGuest };
  const named = config?.allowUserOverride && !throughSudo ? env['CLASSROOM_TUNNEL_USER'] : undefined;
  return { uid, user: named ?? facts.nameOf(uid), isGuest };
}

/** Identifies the caller without a configuration. */
export function identifyProcess(env: NodeJS.ProcessEnv): Caller {
  const uid = process.getuid?.() ?? 0;
  return identifyCaller({ uid, env, nameOf: userName }, undefined, uid);
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
