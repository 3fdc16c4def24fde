import type { Config } from './config.ts';
import type { Rounds } from './crowd.ts';
import { Figures } from './figures.ts';
import { History } from './history.ts';
import { identify, type ProcessIdentity } from './identity.ts';
import type { LockTimes } from './lock.ts';
import { Pause } from './pause.ts';
import { Queue } from './queue.ts';
import { Records } from './records.ts';
import { StateFolder } from './stateFolder.ts';

/** What the outside world is to provisioning. */
export interface Surroundings {
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
export interface Listener {
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
  /** See `crowd.ts`. */
  readonly rounds: Figures<keyof Rounds>;
  readonly records: Records;
  readonly history: History;
}

/** @throws MendableError `state-unwritable` */
export async function openStore({ config, host, log }: Surroundings): Promise<Store> {
  const folder = await StateFolder.open(config.stateDir);
  const self = identify(process.pid, host);
  return {
    folder, self, queue: new Queue(folder, self, log), pause: new Pause(folder),
    rounds: new Figures(folder, ['records', 'rounds.json'], ['count', 'at']),
    records: new Records(folder, log), history: new History(folder),
  };
}

/** Milliseconds for which a request waits without any progress. */
export function patienceOf({ config }: Surroundings): number {
  return config.lockTimeoutSeconds * 1000;
}
