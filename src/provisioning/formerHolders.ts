// Processes that lost the lock while they were alive. They may still change Cloudflare late.
import { parseJson } from '../json.ts';
import { livenessOf, type ProcessIdentity } from './processIdentity.ts';
import type { StateFolder } from './stateFolder.ts';

/** Holds the owner file of each former holder; see `lock.ts`. */
export const formerHoldersFolder = 'formerHolders';

/** Milliseconds after which a former holder that is not visible from here counts as ended. */
const invisibleFor = 3_600_000;

export interface FormerHolder {
  readonly fileName: string;
  /** Whether the process has ended, so that it makes no more changes. */
  readonly hasEnded: boolean;
}

/**
 * A holder checks the lock right before each write. If it is stopped between the check and the write, another process takes the stale
 * lock, and the write arrives late, whenever the holder goes on. So as long as a former holder runs, and once more after it has ended,
 * each round compares every publication with Cloudflare.
 */
export class FormerHolders {
  readonly #folder: StateFolder;
  readonly #self: ProcessIdentity;

  constructor(folder: StateFolder, self: ProcessIdentity) {
    this.#folder = folder;
    this.#self = self;
  }

  /** @param now milliseconds since 1970 */
  async list(now: number): Promise<FormerHolder[]> {
    const fileNames = await this.#folder.list(formerHoldersFolder);
    return Promise.all(
      fileNames.map(async (fileName) => ({ fileName, hasEnded: await this.#hasEnded(fileName, now) })),
    );
  }

  /** Call it after a round that began when these had ended. */
  async forget(holders: readonly FormerHolder[]): Promise<void> {
    for (const { fileName } of holders) await this.#folder.remove(formerHoldersFolder, fileName);
  }

  async #hasEnded(fileName: string, now: number): Promise<boolean> {
    const identity = parseJson((await this.#folder.read(formerHoldersFolder, fileName)) ?? '') as
      ProcessIdentity | undefined;
    const liveness = identity?.bootId === undefined ? 'unknown' : livenessOf(identity, this.#self);
    const isOld = this.#folder.timeOf(formerHoldersFolder, fileName) < now - invisibleFor;
    return liveness === 'dead' || (liveness === 'unknown' && isOld);
  }
}
