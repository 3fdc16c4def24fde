// Opens the configuration, identifies the caller and reads the token: what every command starts with.
import { readFileSync, statSync, type Stats } from 'node:fs';
import { hostname } from 'node:os';
import { configFileOf } from '../configFile.ts';
import { hostnameOf, parseConfig, publicUrl, type Config } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { certificateWarning } from '../provisioning/hostname.ts';
import { lockTimes } from '../provisioning/lock.ts';
import type { ProvisioningContext } from '../provisioning/context.ts';
import { listeners } from '../shell/listeners.ts';
import { identifyCaller, userName, type Caller } from './caller.ts';
import type { Report } from './report.ts';
import { actAsOwner } from './dropPrivileges.ts';
import { readRegularFile, reasonOf } from './readRegularFile.ts';
import { readToken } from './token.ts';

/** Milliseconds: two calls in a row end within the time under the lock. */
export const callDeadline = 7_000;

/** The configuration and the caller: needs no network and no secret. */
export interface Session {
  readonly config: Config;
  readonly caller: Caller;
}

/** The parts of the process that a session depends on. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The user id of the peer that the service works for; undefined outside of the service. */
  readonly peer: number | undefined;
}

/**
 * Reads the session and warns about it. From here on, a process of root works as the owner of the state folder.
 * @throws FixableError if the configuration is missing, unreadable or invalid
 */
export function openSession(report: Report, surroundings: Surroundings): Session {
  const session = readSession(surroundings);
  const warning = certificateWarning(session.config.hostname);
  if (warning) report.warn(warning);
  actAsOwner(session.config.stateDir);
  return session;
}

/** Reads the configuration and identifies the caller, without any effect. @throws FixableError as `openSession` */
export function readSession({ env, peer }: Surroundings): Session {
  const file = configFileOf(env);
  const config = parseConfig(file, readConfig(file), hostname().split('.')[0] ?? hostname());
  return { config, caller: identifyCaller({ uid: ownUid(), env, peer, nameOf: userName }, config) };
}

/** As `readSession`, but undefined if the configuration cannot be used. */
export function tryReadSession(surroundings: Surroundings): Session | undefined {
  try {
    return readSession(surroundings);
  } catch (error) {
    if (error instanceof FixableError) return undefined;
    throw error;
  }
}

/** Whether this process runs as the account that owns the state folder. */
export function ownsState(surroundings: Surroundings): boolean {
  const config = tryReadSession(surroundings)?.config;
  return config !== undefined && statOf(config.stateDir)?.uid === ownUid();
}

/**
 * The socket of the service that has to do the work, because another account alone may write the state folder; undefined if this
 * process does it.
 */
export function serviceSocket({ env, peer }: Surroundings): string | undefined {
  const config = peer === undefined ? tryReadSession({ env, peer })?.config : undefined;
  if (config === undefined) return undefined;
  const folder = statOf(config.stateDir);
  if (!folder?.isDirectory() || ownUid() === 0 || folder.uid === ownUid()) return undefined;
  const ownerAloneWrites = (folder.mode & 0o222) === 0o200;
  return ownerAloneWrites ? config.commandSocket : undefined;
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
    socketsOn: (port) => listeners().flatMap((listener) => (listener.port === port ? [listener.inode] : [])),
    log: (line) => {
      report.warn(line);
    },
  };
}

function readConfig(file: string): string {
  try {
    return readRegularFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new FixableError('config-missing', { file });
    throw new FixableError('config-unreadable', { file, problem: reasonOf(error) });
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

const ownUid = (): number => process.getuid?.() ?? 0;

/** The public address of the caller's site. */
export function addressOf({ config, caller }: Session, port: number): { hostname: string; url: string } {
  const site = hostnameOf(config, caller.user, port);
  return { hostname: site, url: publicUrl(config, site) };
}
