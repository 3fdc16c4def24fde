// The inputs of a round's desired state beside the stored state and the requests.
import type { Pause, SocketsOn } from './controls.ts';
import type { Liveness, ProcessIdentity } from './processIdentity.ts';

export interface DesiredStateContext {
  /** ISO 8601. */
  readonly now: string;
  readonly livenessOf: (process: ProcessIdentity) => Liveness;
  /** Whether a process listens on this port of this machine. */
  readonly isListening: (port: number) => boolean;
  /** Default: none are known. */
  readonly socketsOn?: SocketsOn;
  /** The pause of everyone outside of the opening hours. */
  readonly closed?: Pause | undefined;
  /** The number of sites that one user may have at a time. */
  readonly maxSitesPerUser: number;
  /** Milliseconds for which a record outlives its rule; 0 where both go together. */
  readonly keepRecordFor?: number;
  /** Compare every publication with Cloudflare, because a process that lost the lock may have changed it late. */
  readonly verifyAll?: boolean;
}
