import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Config } from '../provisioning/config.ts';

/** Who asks. It is never what the caller says, but what the kernel and sudo say. */
export interface Caller {
  readonly user: string;
  readonly uid: number;
  /** Came through sudo to an account that is not the caller's own: only what a student may do is open to it. */
  readonly isGuest: boolean;
}

export interface ProcessFacts {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The name of a user id. */
  readonly nameOf: (uid: number) => string;
}

/**
 * Who calls. `SUDO_UID` counts only where sudo can have set it: in a process of root, or of the service account, which owns the
 * state folder. Anybody else who sets it is asking under a false name, and stays who they are.
 */
export function identifyCaller(
  facts: ProcessFacts,
  config: Pick<Config, 'allowUserOverride'> | undefined,
  serviceUid: number | undefined,
): Caller {
  const { uid, env } = facts;
  const sudoUid = Number.parseInt(env['SUDO_UID'] ?? '', 10);
  const throughSudo = Number.isInteger(sudoUid);
  const isGuest = throughSudo && sudoUid !== uid && sudoUid !== 0 && uid !== 0;
  if (throughSudo && (uid === 0 || uid === serviceUid)) return { uid: sudoUid, user: facts.nameOf(sudoUid), isGuest };
  // A guest's own configuration can name any state folder, so it does not decide who is a guest.
  const named = config?.allowUserOverride && !throughSudo ? env['CLASSROOM_TUNNEL_USER'] : undefined;
  return { uid, user: named ?? facts.nameOf(uid), isGuest };
}

/** The name of a user id as this machine knows it: the accounts file, then whatever directory it asks; else the number. */
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
