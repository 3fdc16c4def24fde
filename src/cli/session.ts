// Opens the configuration, identifies the caller and reads the token: what every command starts with.
import { readFileSync, statSync, type Stats } from 'node:fs';
import { hostname } from 'node:os';
import { parseConfig, type Config } from '../provisioning/config.ts';
import { MendableError } from '../provisioning/errors.ts';
import { certificateWarning } from '../provisioning/hostname.ts';
import { lockTimes } from '../provisioning/lock.ts';
import type { ProvisioningContext } from '../provisioning/context.ts';
import { listeners } from '../shell/listeners.ts';
import { identifyCaller, isGuestHere, userName, type Caller } from './caller.ts';
import type { Report } from './report.ts';
import { actAsOwner } from './dropPrivileges.ts';
import { readRegularFile, reasonOf } from './readRegularFile.ts';
import { readToken } from './token.ts';

/** Milliseconds: two calls in a row end within the time under the lock. */
export const callDeadline = 7_000;

const defaultConfigFile = '/etc/classroom-tunnel/config.json';

/** The configuration and the caller: needs no network and no secret. */
export interface Session {
  readonly config: Config;
  readonly caller: Caller;
}

/**
 * Reads the session and warns about it. From here on, a process of root works as the owner of the state folder.
 * @throws MendableError if the configuration is missing, unreadable, invalid or not trusted
 */
export function openSession(report: Report, env: NodeJS.ProcessEnv): Session {
  const session = readSession(env);
  const warning = certificateWarning(session.config.hostname);
  if (warning) report.warn(warning);
  actAsOwner(session.config.stateDir);
  return session;
}

/** Reads the configuration and identifies the caller, without any effect. @throws MendableError as `openSession` */
export function readSession(env: NodeJS.ProcessEnv): Session {
  const file = configFileOf(env);
  const uid = process.getuid?.() ?? 0;
  const text = readConfig(file, isGuestHere(uid, env));
  const config = parseConfig(file, text, hostname().split('.')[0] ?? hostname());
  const caller = identifyCaller({ uid, env, nameOf: userName }, config, statOf(config.stateDir)?.uid ?? uid);
  return { config, caller };
}

/** The configuration file: the one that the environment names, else the default. */
export function configFileOf(env: NodeJS.ProcessEnv): string {
  return env['CLASSROOM_TUNNEL_CONFIG'] || defaultConfigFile;
}

/** Everything that provisioning needs: the session, the token, the clock, the network. */
export function openContext({ config }: Session, report: Report, env: NodeJS.ProcessEnv): ProvisioningContext {
  return {
    config,
    host: hostname(),
    token: readToken(config, report, env),
    now: Date.now,
    newId: newUuid,
    fetch,
    callDeadline,
    lockTimes,
    isListening: (port) => listeners().some((listener) => listener.port === port),
    log: (line) => {
      report.warn(line);
    },
  };
}

/**
 * Reads the configuration. A guest's must belong to root or to this account, and only its owner may write it: who chooses the
 * configuration chooses the server that the token is sent to.
 */
function readConfig(file: string, isGuest: boolean): string {
  try {
    return readRegularFile(file, ({ uid, mode }) => {
      const isOwn = uid === 0 || uid === process.getuid?.();
      if (isGuest && (!isOwn || (mode & 0o022) !== 0)) throw new MendableError('config-not-trusted', { file });
    });
  } catch (error) {
    if (error instanceof MendableError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new MendableError('config-missing', { file });
    throw new MendableError('config-unreadable', { file, problem: reasonOf(error) });
  }
}

/** A random UUID from the kernel; `node:crypto` would add a tenth to the start of the command. */
function newUuid(): string {
  return readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim();
}

/** Undefined if the folder is missing or not reachable: opening it reports that. */
export function statOf(folder: string): Stats | undefined {
  try {
    return statSync(folder);
  } catch {
    return undefined;
  }
}
