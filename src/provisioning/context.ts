import type { Config } from './config.ts';
import type { Rounds } from './batching.ts';
import { Figures } from './counters.ts';
import { History } from './history.ts';
import { identifyOnHost, type ProcessIdentity } from './processIdentity.ts';
import type { LockTimes } from './lock.ts';
import { Pause } from './backoff.ts';
import { Queue } from './queue.ts';
import { PublicationStore } from './publications.ts';
import { StateFolder } from './stateFolder.ts';

/** What the outside world is to provisioning. */
export interface ProvisioningContext {
  readonly config: Config;
  /** The name of this computer; two that share a state folder have two. */
  readonly host: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A name that nobody else has. */
  readonly newId: () => string;
  readonly fetch: typeof fetch;
  /** Milliseconds that one call to Cloudflare may take: two in a row end within the time under the lock. */
  readonly callDeadline: number;
  readonly lockTimes: LockTimes;
  readonly isListening: (port: number) => boolean;
  /** For the teacher's eyes: what went on outside the ordinary. */
  readonly log: (line: string) => void;
}

/** What a requester is told before its outcome. */
export interface QueueListener {
  queued(message?: string, until?: Date): void;
  locked(): void;
}

/** What is kept in the state folder, and who looks at it. */
export interface Store {
  readonly folder: StateFolder;
  /** This process. */
  readonly self: ProcessIdentity;
  readonly queue: Queue;
  readonly pause: Pause;
  /** See `batching.ts`. */
  readonly rounds: Figures<keyof Rounds>;
  readonly records: PublicationStore;
  readonly history: History;
}

/** @throws MendableError `state-unwritable` */
export async function openStore({ config, host, log }: ProvisioningContext): Promise<Store> {
  const folder = await StateFolder.open(config.stateDir);
  const self = identifyOnHost(process.pid, host);
  return {
    folder,
    self,
    queue: new Queue(folder, self, log),
    pause: new Pause(folder),
    rounds: new Figures(folder, ['records', 'rounds.json'], ['count', 'at']),
    records: new PublicationStore(folder, log),
    history: new History(folder),
  };
}

/** Milliseconds for which a request waits without any progress. */
export function timeoutOf({ config }: ProvisioningContext): number {
  return config.lockTimeoutSeconds * 1000;
}
