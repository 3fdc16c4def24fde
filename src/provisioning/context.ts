// The outside world as provisioning sees it, and the parts of the state folder.
import type { Config } from './config.ts';
import type { SocketsOn } from './controls.ts';
import { DelayedLog } from './delayedLog.ts';
import type { FixableError } from './errors.ts';
import { FormerHolders } from './formerHolders.ts';
import { History } from './history.ts';
import type { LockTimes } from './lock.ts';
import { identifyOnHost, type ProcessIdentity } from './processIdentity.ts';
import { PublicationStore } from './publications.ts';
import { Queue } from './queue.ts';
import { RateLimit } from './rateLimit.ts';
import { StateFolder } from './stateFolder.ts';

/** The outside world. */
export interface ProvisioningContext {
  readonly config: Config;
  /** The name of this computer, by which computers that share a state folder differ. */
  readonly host: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Returns a unique name. */
  readonly newId: () => string;
  readonly fetch: typeof fetch;
  /** Milliseconds that one call to Cloudflare may take. Two calls in a row end within the time under the lock. */
  readonly callDeadline: number;
  readonly lockTimes: LockTimes;
  /** Whether a process listens on this port of this machine. */
  readonly isListening: (port: number) => boolean;
  /** The inodes of the sockets that listen on a port of this machine. Default: none are known. */
  readonly socketsOn?: SocketsOn;
  /** Takes lines about unusual events, for the teacher. */
  readonly log: (line: string) => void;
}

/** Hears of a request's way until its outcome. */
export interface QueueListener {
  /** @param reason why it waits until then */
  queued(reason?: FixableError, until?: Date): void;
  locked(): void;
}

/** The parts of the state folder. */
export interface Store {
  readonly folder: StateFolder;
  /** This process. */
  readonly self: ProcessIdentity;
  readonly queue: Queue;
  readonly rateLimit: RateLimit;
  readonly publications: PublicationStore;
  readonly history: History;
  readonly formerHolders: FormerHolders;
  readonly log: DelayedLog;
}

/** @throws FixableError `state-unwritable` */
export async function openStore(context: ProvisioningContext): Promise<Store> {
  const { config, host } = context;
  const log = new DelayedLog(context.log);
  const folder = await StateFolder.open(config.stateDir);
  const self = identifyOnHost(process.pid, host);
  return {
    folder,
    self,
    queue: new Queue(folder, self, log.add),
    rateLimit: new RateLimit(folder),
    publications: new PublicationStore(folder, log.add),
    history: new History(folder),
    formerHolders: new FormerHolders(folder, self),
    log,
  };
}

/** Milliseconds after which a request without progress gives up. */
export function timeoutOf({ config }: ProvisioningContext): number {
  return config.lockTimeoutSeconds * 1000;
}
